import { expect, test } from 'vitest';
import {
  subscriptionDifferences,
  topicDifferences,
  wantedSubscription,
  wantedTopic,
} from './differences.ts';
import { attributeFilter, bodyFilter } from './filter/policy.ts';

const arn = 'arn:aws:sns:eu-west-1:123456789012:orders.fifo';

test('what a topic is created with, and nothing that nobody asked for', () => {
  expect(wantedTopic({}, false)).toEqual({});
  const provisioning = {
    kmsKeyId: 'alias/orders',
    signatureVersion: '2',
    maxMessageBytes: 1_048_576,
    highThroughput: true,
    attributes: { DisplayName: 'Orders' },
  } as const;
  expect(wantedTopic(provisioning, true)).toEqual({
    FifoTopic: 'true',
    FifoThroughputScope: 'MessageGroup',
    KmsMasterKeyId: 'alias/orders',
    SignatureVersion: '2',
    MaximumMessageSize: '1048576',
    DisplayName: 'Orders',
  });
});

test('differences of a topic say what is and what is wanted; its kind cannot be mended', () => {
  const differences = topicDifferences(
    arn,
    { SignatureVersion: '1' },
    { signatureVersion: '2', access: { httpsOnly: true, buckets: ['arn:aws:s3:::uploads'] } },
    true,
  );
  expect(differences.map(({ text }) => text)).toEqual([
    'FifoTopic is not set, wanted true',
    'SignatureVersion is 1, wanted 2',
    'Policy lacks IntermodalHttpsOnly, IntermodalBuckets, or has it otherwise',
  ]);
  expect(differences[0]?.attribute).toBeUndefined();
});

test('the policy of a topic keeps the statements of others', () => {
  const Policy = JSON.stringify({ Version: '2008-10-17', Statement: [{ Sid: 'theirs' }] });
  const access = { publishers: ['210987654321'], subscribers: ['arn:aws:iam::1:role/x'] };
  const [difference] = topicDifferences(arn, { Policy }, { access }, false);
  const merged = JSON.parse(difference?.attribute?.[1] ?? '') as {
    readonly Statement: readonly { readonly Sid: string }[];
  };
  expect(merged.Statement.map(({ Sid }) => Sid)).toEqual([
    'theirs',
    'IntermodalPublishers',
    'IntermodalSubscribers',
  ]);
  const now = { Policy: JSON.stringify(merged) };
  expect(topicDifferences(arn, now, { access }, false)).toEqual([]);
});

const filter = attributeFilter({ price: [{ numeric: ['>', 1] }] });

test('a subscription is raw, filtered and has a place for what cannot be delivered', () => {
  expect(wantedSubscription({ filter, deadLetterArn: 'arn' })).toEqual({
    RawMessageDelivery: 'true',
    FilterPolicyScope: 'MessageAttributes',
    FilterPolicy: '{"price":[{"numeric":[">",1]}]}',
    RedrivePolicy: '{"deadLetterTargetArn":"arn"}',
  });
});

test('the same policy written with other spaces is the same', () => {
  const actual = {
    RawMessageDelivery: 'true',
    FilterPolicy: '{ "price": [ {"numeric": [">", 1]} ] }',
    RedrivePolicy: '{"deadLetterTargetArn": "arn"}',
  };
  expect(subscriptionDifferences(actual, { filter, deadLetterArn: 'arn' })).toEqual([]);
});

test('what differs in a subscription', () => {
  const actual = { FilterPolicy: '{"a":["b"]}', PendingConfirmation: 'true' };
  const wanted = { filter: bodyFilter({ a: ['c'] }), deadLetterArn: undefined };
  expect(subscriptionDifferences(actual, wanted).map(({ text }) => text)).toEqual([
    'its subscription has RawMessageDelivery not set, wanted true',
    'its subscription has FilterPolicyScope MessageAttributes, wanted MessageBody',
    'its subscription has FilterPolicy {"a":["b"]}, wanted {"a":["c"]}',
    'its subscription waits for the confirmation of its owner',
  ]);
});

test('a filter that nobody declared is told and never removed', () => {
  const actual = { RawMessageDelivery: 'true', FilterPolicy: '{"a":["b"]}' };
  const none = { filter: undefined, deadLetterArn: undefined };
  const [difference] = subscriptionDifferences(actual, none);
  expect(difference?.text).toMatch(/FilterPolicy \{"a":\["b"\]\}, and filters says none/);
  expect(difference?.attribute).toBeUndefined();
  expect(subscriptionDifferences({ ...actual, FilterPolicy: '{}' }, none)).toEqual([]);
});
