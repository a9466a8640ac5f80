import { expect, test } from 'vitest';
import { differingStatements, mergedPolicy, statementsOf } from './queue-policy.ts';

const arn = 'arn:aws-cn:sqs:cn-north-1:123456789012:orders';
const access = {
  httpsOnly: true,
  consumers: ['210987654321', 'arn:aws-cn:iam::1:role/a'],
  buckets: ['arn:aws-cn:s3:::b'],
};

test('accounts are principals of the queue’s own partition; a bucket is bound to the queue’s account', () => {
  const [https, consumers, buckets] = statementsOf(access, arn);
  expect(https).toMatchObject({
    Effect: 'Deny',
    Principal: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });
  expect(consumers?.Principal).toEqual({
    AWS: ['arn:aws-cn:iam::210987654321:root', 'arn:aws-cn:iam::1:role/a'],
  });
  expect(buckets?.Condition).toMatchObject({
    StringEquals: { 'aws:SourceAccount': '123456789012' },
  });
});

test('a policy is the same however the service writes it down', () => {
  const wanted = statementsOf(access, arn);
  const [https, consumers, buckets] = wanted;
  const rewritten = {
    Statement: [
      {
        ...buckets,
        Condition: {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
          ArnEquals: { 'aws:SourceArn': 'arn:aws-cn:s3:::b' },
        },
      },
      {
        ...consumers,
        Principal: { AWS: ['arn:aws-cn:iam::1:role/a', 'arn:aws-cn:iam::210987654321:root'] },
      },
      https,
    ],
    Version: '2012-10-17',
  };
  expect(differingStatements(JSON.stringify(rewritten), wanted)).toEqual([]);
});

test('what differs is named, and merging replaces that alone', () => {
  const wanted = statementsOf({ httpsOnly: true }, arn);
  const theirs = { Sid: 'Theirs', Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: arn };
  const before = JSON.stringify({ Statement: [theirs, { ...wanted[0], Effect: 'Allow' }] });
  expect(differingStatements(before, wanted)).toEqual(['IntermodalHttpsOnly']);
  const after = mergedPolicy(before, wanted);
  expect(differingStatements(after, wanted)).toEqual([]);
  expect(JSON.parse(after)).toEqual({ Version: '2012-10-17', Statement: [theirs, ...wanted] });
  expect(differingStatements(undefined, wanted)).toEqual(['IntermodalHttpsOnly']);
});
