import { IntermodalError, type WireMessage } from '@intermodal/core/driver';
import type { ConsumeMessage, Options } from 'amqplib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WireForm, type Written, writeMessage } from './message.ts';
import { isBrokersName, readMessage } from './read-message.ts';

const form: WireForm = { maxMessageBytes: 200_000, maxPriority: undefined, place: "queue 'q'" };

function message(fields: Partial<WireMessage> = {}): WireMessage {
  return { id: 'm-1', channel: 'orders', headers: new Map(), body: 'text', ...fields };
}

function delivered({ content, properties }: Written, more: Options.Publish = {}): ConsumeMessage {
  return {
    content,
    properties: { ...properties, ...more },
    fields: {},
  } as unknown as ConsumeMessage;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (IntermodalError.is(error)) return error.code;
    throw error;
  }
  return 'none';
}

const wellFormed = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
const names = wellFormed.filter((name) => name !== '' && !/^im/i.test(name));
const awkwardNames = fc.constantFrom(
  'CC',
  'BCC',
  'x-death',
  'x-delivery-count',
  '__proto__',
  'toString',
);

test('what is written is read again', () => {
  fc.assert(
    fc.property(
      fc.record({
        id: wellFormed.filter((text) => text !== ''),
        key: fc.option(wellFormed, { nil: undefined }),
        publishedAt: fc.option(fc.nat(), { nil: undefined }),
        headers: fc.array(fc.tuple(fc.oneof(names, awkwardNames), wellFormed), { maxLength: 8 }),
        body: fc.uint8Array(),
        contentType: fc.option(fc.constant('application/json'), { nil: undefined }),
      }),
      (fields) => {
        const sent = message({ ...fields, headers: new Map(fields.headers) });
        const written = writeMessage(sent, form);
        expect(Object.keys(written.properties.headers as object).some(isBrokersName)).toBe(false);
        const { message: read, undecodable, failures } = readMessage(delivered(written), 'orders');
        expect(undecodable).toBeUndefined();
        expect(failures).toBeUndefined();
        expect({ ...read, body: undefined }).toEqual({
          ...sent,
          body: undefined,
          priority: undefined,
        });
        expect(Buffer.from(read.body).equals(Buffer.from(fields.body))).toBe(true);
      },
    ),
  );
});

test('an id that is too long for a property travels as a header', () => {
  const id = 'é'.repeat(200);
  const { properties } = writeMessage(message({ id }), form);
  expect(properties.messageId).toBeUndefined();
  expect(readMessage(delivered(writeMessage(message({ id }), form)), 'orders').message.id).toBe(id);
});

test('every message is persistent and mandatory', () => {
  expect(writeMessage(message(), form).properties).toMatchObject({
    persistent: true,
    mandatory: true,
  });
});

test('the size counts body, headers and what else is sent', () => {
  const plain = writeMessage(message({ body: '' }), form).bytes;
  expect(writeMessage(message({ body: 'żółć' }), form).bytes).toBe(plain + 8);
  const headers = new Map([['name', 'value']]);
  expect(writeMessage(message({ body: '', headers }), form).bytes).toBe(plain + 15);
  const at = { ...form, maxMessageBytes: plain + 3 };
  expect(codeOf(() => writeMessage(message({ body: 'abc' }), at))).toBe('none');
  expect(codeOf(() => writeMessage(message({ body: 'abcd' }), at))).toBe('too-large');
});

test('headers beyond what a frame holds are too large, before amqplib throws', () => {
  const headers = (length: number): ReadonlyMap<string, string> =>
    new Map([['h', 'x'.repeat(length)]]);
  const own = 4 + 7;
  expect(codeOf(() => writeMessage(message({ headers: headers(65_536 - own) }), form))).toBe(
    'none',
  );
  expect(codeOf(() => writeMessage(message({ headers: headers(65_537 - own) }), form))).toBe(
    'too-large',
  );
});

test('what cannot be kept is refused', () => {
  expect(codeOf(() => writeMessage(message({ delayMs: 10, ttlMs: 10 }), form))).toBe('unsupported');
  expect(codeOf(() => writeMessage(message({ ttlMs: 2 ** 32 }), form))).toBe('invalid-argument');
  expect(codeOf(() => writeMessage(message({ delayMs: 2 ** 32 }), form))).toBe('invalid-argument');
  const contentType = 'x'.repeat(256);
  expect(codeOf(() => writeMessage(message({ contentType }), form))).toBe('invalid-message');
});

test('times to live are whole milliseconds, priorities within the levels', () => {
  expect(writeMessage(message({ ttlMs: 1.2 }), form).properties.expiration).toBe('2');
  const levels = { ...form, maxPriority: 5 };
  expect(writeMessage(message({ priority: 9 }), levels).properties.priority).toBe(5);
  expect(writeMessage(message({ priority: 3 }), levels).properties.priority).toBe(3);
});

test('a message from elsewhere has what is there', () => {
  const headers = {
    tenant: 'acme',
    count: 7,
    'x-delivery-count': 2,
    'x-first-death-reason': 'expired',
  };
  const native = delivered(
    { content: Buffer.from('x'), properties: {}, bytes: 0, delayLevelMs: undefined },
    { headers, timestamp: 12 },
  );
  const { message: read, failures } = readMessage(native, 'orders');
  expect(read).toMatchObject({ publishedAt: 12_000, headers: new Map([['tenant', 'acme']]) });
  expect(read.id).not.toBe(readMessage(native, 'orders').message.id);
  expect(failures).toBe(2);
});

test('packed headers that are damaged are undecodable, and the message is there all the same', () => {
  const written = writeMessage(message(), form);
  const native = delivered(written, { headers: { imheaders: '{"a":' } });
  const { message: read, undecodable } = readMessage(native, 'orders');
  expect(undecodable?.code).toBe('invalid-message');
  expect(read).toMatchObject({ id: 'm-1', body: Buffer.from('text') });
});
