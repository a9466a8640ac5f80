import type { Address, WireMessage } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { createErrorMapping, type WireForm, writeEntry } from './driver.ts';
import { wantedDeadLetter, wantedMain } from './wanted.ts';

const plan = { mode: 'create', order: 'none', maxAttempts: 3 } as const;
const main: Address = { channel: 'orders', group: 'billing', role: 'main' };
const dead: Address = { ...main, role: 'dead-letter' };
const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:orders_billing';

test('access by address is said of the main queue and of its dead letters', () => {
  const asked: Address[] = [];
  const options = {
    provisioning: {
      access(address: Address) {
        asked.push(address);
        return { topics: [`topic of ${address.channel}`] };
      },
    },
  };
  const statements = [
    ...wantedMain(options, main, plan, undefined).statements(queueArn),
    ...wantedDeadLetter(options, dead, 'create').statements(queueArn),
  ];
  expect(statements.map(({ Sid }) => Sid)).toEqual(['IntermodalTopics', 'IntermodalTopics']);
  expect(asked).toEqual([main, dead]);
});

test('access of all alike says nothing of dead letters but how they are reached', () => {
  const options = { provisioning: { access: { httpsOnly: true, topics: ['topic'] } } };
  const statements = wantedDeadLetter(options, dead, 'create').statements(queueArn);
  expect(statements.map(({ Sid }) => Sid)).toEqual(['IntermodalHttpsOnly']);
});

const form: WireForm = {
  service: 'sns',
  groups: 'plain',
  dedupe: 'by-id',
  maxMessageBytes: 1_000,
  place: "sns topic 'orders'",
  dataTypes: { price: 'Number' },
};

test('for SNS the trace header is an attribute, and headers have the types that filters need', () => {
  const message: WireMessage = {
    id: 'one',
    channel: 'orders',
    headers: new Map([
      ['x-amzn-trace-id', 'Root=1-5759e988-bd862e3fe1be46a994272793'],
      ['price', '12.5'],
    ]),
    body: '{}',
  };
  const { entry } = writeEntry(message, form);
  expect(entry.MessageSystemAttributes).toBeUndefined();
  expect(entry.MessageAttributes).toEqual({
    imid: { DataType: 'String', StringValue: 'one' },
    'x-amzn-trace-id': {
      DataType: 'String',
      StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793',
    },
    price: { DataType: 'Number', StringValue: '12.5' },
  });
});

test('a refusal is told in the name of the service', () => {
  const message = { id: 'one', channel: 'orders', headers: new Map(), body: 'x'.repeat(1_001) };
  expect(() => writeEntry(message, form)).toThrow(
    expect.objectContaining({ code: 'too-large', transport: 'sns' }),
  );
});

test('a row of a service of its own wins over what all say alike', () => {
  const errors = createErrorMapping({
    transport: 'sns',
    rows: [['not-found', 'final', 'gone', 'InternalError']],
  });
  const { error } = errors.mapError(Object.assign(new Error('x'), { name: 'InternalError' }), 'p');
  expect(error).toMatchObject({ code: 'not-found', transport: 'sns' });
});
