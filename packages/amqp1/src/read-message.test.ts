import type { WireMessage } from '@intermodal/core/driver';
import * as fc from 'fast-check';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import type { Amqp1Broker } from './engine.ts';
import { type WireForm, writeMessage } from './message.ts';
import { readMessage } from './read-message.ts';

const form: WireForm = {
  broker: 'rabbitmq',
  maxMessageBytes: 1_000_000,
  place: "exchange 'orders'",
};
const brokers: readonly Amqp1Broker[] = ['rabbitmq', 'rabbitmq3', 'activemq'];

function written(fields: Partial<WireMessage> = {}): WireMessage {
  return { id: 'm-1', channel: 'orders', headers: new Map(), body: 'text', ...fields };
}

function bytesOf(body: string | Uint8Array): Buffer {
  return Buffer.from(body as string);
}

function decoded(encoded: Buffer): Readonly<Record<string, unknown>> {
  return rhea.message.decode(encoded);
}

describe('what is written is read', () => {
  const text = fc.string({ unit: 'binary' });
  const anyMessage = fc.record({
    id: fc.oneof(fc.uuid(), fc.string({ unit: 'binary', minLength: 1, maxLength: 400 })),
    key: fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), { nil: undefined }),
    publishedAt: fc.option(fc.nat(), { nil: undefined }),
    contentType: fc.option(fc.constantFrom('application/json', 'text/x; a="b"'), {
      nil: undefined,
    }),
    headers: fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(
              'CC',
              'BCC',
              'x-death',
              'x-mine',
              '__proto__',
              'JMSXGroupID',
              'AMQ_SCHEDULED_DELAY',
              'toString',
            ),
            text.filter((name) => name !== '' && !name.startsWith('im') && name.isWellFormed()),
          ),
          text.filter((value) => value.isWellFormed()),
        ),
      )
      .map((entries) => new Map(entries)),
    body: fc.oneof(
      fc.uint8Array(),
      text.filter((body) => body.isWellFormed()),
    ),
  });

  test.each(brokers)('%s', (broker) => {
    fc.assert(
      fc.property(anyMessage, (fields) => {
        const message = written(fields);
        const read = readMessage(writeMessage(message, { ...form, broker }), broker, 'orders');
        expect(read.undecodable).toBeUndefined();
        const { body, ...rest } = read.message;
        expect(bytesOf(body)).toEqual(bytesOf(message.body));
        expect(rest).toMatchObject({
          id: message.id,
          key: message.key,
          publishedAt: message.publishedAt,
          contentType: message.contentType,
          headers: message.headers,
        });
      }),
    );
  });
});

test('names that mean something to the broker do not reach it as names', () => {
  const named = (names: readonly string[], broker: Amqp1Broker): string[] => {
    const headers = new Map(names.map((name) => [name, 'v']));
    const encoded = writeMessage(written({ headers }), { ...form, broker });
    return Object.keys(decoded(encoded)['application_properties'] as object);
  };
  const names = ['CC', 'x-death', 'JMSXGroupID', 'AMQ_SCHEDULED_DELAY', 'tenant'];
  expect(named(names, 'rabbitmq')).toEqual([
    'JMSXGroupID',
    'AMQ_SCHEDULED_DELAY',
    'tenant',
    'imheaders',
  ]);
  expect(named(names, 'activemq')).toEqual(['CC', 'x-death', 'tenant', 'imheaders']);
});

test('text is a value for ActiveMQ, and data for RabbitMQ, whose other clients know nothing else', () => {
  const bodyOn = (broker: Amqp1Broker): unknown =>
    decoded(writeMessage(written(), { ...form, broker }))['body'];
  expect(bodyOn('activemq')).toBe('text');
  expect(bodyOn('rabbitmq')).toMatchObject({ typecode: 0x75, content: Buffer.from('text') });
});

test('key, delay, time to live and durability are where AMQP has them', () => {
  const message = written({ key: 'k', ttlMs: 1.2, delayMs: 1_500, publishedAt: 1_700_000_000_123 });
  expect(rhea.message.decode(writeMessage(message, { ...form, broker: 'activemq' }))).toMatchObject(
    {
      durable: true,
      ttl: 2,
      message_id: 'm-1',
      group_id: 'k',
      creation_time: new Date(1_700_000_000_123),
      message_annotations: { 'x-opt-delivery-delay': 1_500 },
      application_properties: { imkey: 'k', imtime: '1700000000123' },
    },
  );
});

describe('refused before anything is sent', () => {
  test.each([
    ['one byte over the bound', { body: Buffer.alloc(1_000_000) }, 'too-large'],
    ['a time to live beyond the protocol', { ttlMs: 2 ** 32 }, 'invalid-argument'],
    ['a content type that is no symbol', { contentType: 'żółć' }, 'invalid-message'],
  ] as const)('%s', (_, fields, code) => {
    expect(() => writeMessage(written(fields), form)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  test('the bound is exact', () => {
    const { length } = writeMessage(written(), form);
    expect(() => writeMessage(written(), { ...form, maxMessageBytes: length })).not.toThrow();
    expect(() => writeMessage(written(), { ...form, maxMessageBytes: length - 1 })).toThrow(
      'bytes',
    );
  });
});

describe('messages of others', () => {
  const read = (message: object): ReturnType<typeof readMessage> =>
    readMessage(rhea.message.encode(message), 'activemq', 'orders');

  test.each([
    ['data', rhea.message.data_section(Buffer.from('a')), Buffer.from('a')],
    [
      'several data',
      rhea.message.data_sections([Buffer.from('a'), Buffer.from('b')]),
      Buffer.from('ab'),
    ],
    ['text', 'text', 'text'],
    ['empty text', '', ''],
    ['binary', Buffer.from([0, 255]), Buffer.from([0, 255])],
    ['a map', { n: 1, list: ['a'] }, '{"n":1,"list":["a"]}'],
    ['a number', rhea.types.wrap_int(7), '7'],
    ['nothing', null, 'null'],
    ['a sequence', rhea.message.sequence_section([1, 'a', Buffer.from('b')]), '[1,"a","Yg=="]'],
    ['several sequences', rhea.message.sequence_sections([[1], [2]]), '[1,2]'],
  ])('the body is %s', (_, body: unknown, expected) => {
    expect(read({ body }).message.body).toEqual(expected);
  });

  test('ids of every type are text', () => {
    const idOf = (message_id: unknown): string => read({ message_id, body: '' }).message.id;
    expect(idOf('theirs')).toBe('theirs');
    expect(idOf(7)).toBe('7');
    const uuid = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
    expect(idOf(rhea.types.wrap_uuid(rhea.string_to_uuid(uuid)))).toBe(uuid);
    expect(idOf(rhea.types.wrap_binary(Buffer.from('ab')))).toBe('6162');
    expect(idOf(undefined)).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the group id is the key, and only text is a header', () => {
    const application_properties = { tenant: 'acme', count: 7, JMSXDeliveryCount: 'x' };
    const { message } = read({ group_id: 'k', application_properties, body: '' });
    expect(message).toMatchObject({ key: 'k', headers: new Map([['tenant', 'acme']]) });
  });

  test.each([
    [{}, 'rabbitmq3', 0, undefined],
    [{ delivery_count: 2 }, 'rabbitmq', 2, true],
    [{ first_acquirer: true }, 'rabbitmq3', 0, false],
    [{ first_acquirer: false }, 'rabbitmq3', 0, true],
    [{ first_acquirer: false }, 'activemq', 0, undefined],
  ] as const)('%j on %s', (header, broker, failures, redelivered) => {
    const encoded = rhea.message.encode({ ...header, body: '' });
    const found = readMessage(encoded, broker, 'orders');
    expect([found.failures, found.redelivered]).toEqual([failures, redelivered]);
  });

  test('what cannot be decoded is handed on alone, as it came', () => {
    const encoded = Buffer.from([0, 0x53, 0x77, 0xee, 1, 2]);
    const found = readMessage(encoded, 'activemq', 'orders');
    expect(found.undecodable).toMatchObject({ code: 'invalid-message' });
    expect(found.message.body).toBe(encoded);
  });
});
