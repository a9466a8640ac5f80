import type { WireMessage } from '@intermodal/core/driver';
import * as fc from 'fast-check';
import type { IPublishPacket } from 'mqtt';
import { parser } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { type WireForm, writeMessage } from './message.ts';
import type { PublishPacket } from './packet.ts';
import { readMessage } from './read-message.ts';

const form: WireForm = {
  protocol: '5',
  envelope: 'cloudevents',
  topic: 'orders',
  retain: false,
  maxBytes: 1_000_000,
  phrase: "topic 'orders'",
};
const older: WireForm = { ...form, protocol: '3.1.1' };

function message(fields: Partial<WireMessage> = {}): WireMessage {
  return { id: 'm-1', channel: 'orders', headers: new Map(), body: 'text', ...fields };
}

/** As the parser of MQTT.js reads it. */
function packetOf({ bytes, idAt }: PublishPacket, { protocol }: WireForm = form): IPublishPacket {
  const found: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: protocol === '5' ? 5 : 4 });
  reader.on('packet', (packet) => found.push(packet as IPublishPacket));
  bytes.writeUInt16BE(258, idAt);
  expect(reader.parse(bytes)).toBe(0);
  expect(found).toMatchObject([{ cmd: 'publish', qos: 1, topic: 'orders', messageId: 258 }]);
  return found[0] as IPublishPacket;
}

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((each) => each.isWellFormed());
const names = text.filter(
  (name) => name !== '' && !/\p{Cc}/u.test(name) && !/^im[a-z]+$/.test(name),
);
const messages = fc.record({
  id: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }),
  channel: fc.constant('orders'),
  key: fc.option(
    text.filter((key) => key !== '' && !/\p{Cc}|\p{Noncharacter_Code_Point}/u.test(key)),
    { nil: undefined },
  ),
  publishedAt: fc.option(fc.nat(2_000_000_000_000), { nil: undefined }),
  headers: fc.array(fc.tuple(names, text), { maxLength: 5 }).map((all) => new Map(all)),
  contentType: fc.constantFrom('text/plain', undefined),
  body: fc.oneof(
    text,
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  ),
});

describe.each([
  ['5', form],
  ['3.1.1', older],
] as const)('%s', (protocol, written) => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const packet = packetOf(writeMessage(sent, written), written);
        const { message: read, undecodable } = readMessage(packet, {
          protocol,
          envelope: 'cloudevents',
          channel: 'orders',
        });
        expect(undecodable).toBeUndefined();
        expect(read).toMatchObject({ id: sent.id, channel: 'orders' });
        expect([read.key, read.publishedAt]).toEqual([sent.key, sent.publishedAt]);
        expect(new Map(read.headers)).toEqual(sent.headers);
        expect(Buffer.from(read.body as string)).toEqual(Buffer.from(sent.body as string));
      }),
    );
  });

  test('one byte over the limit is too-large', () => {
    const { length } = writeMessage(message(), written).bytes;
    expect(writeMessage(message(), { ...written, maxBytes: length }).bytes).toHaveLength(length);
    expect(() => writeMessage(message(), { ...written, maxBytes: length - 1 })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});

test('text is told from bytes, and a time to live is whole seconds', () => {
  expect(packetOf(writeMessage(message({ ttlMs: 1_200 }), form)).properties).toMatchObject({
    payloadFormatIndicator: true,
    messageExpiryInterval: 2,
  });
  const bytes = packetOf(writeMessage(message({ body: Buffer.from('x') }), form));
  expect(bytes.properties).toMatchObject({ payloadFormatIndicator: false });
  expect(() => writeMessage(message({ ttlMs: 2 ** 43 }), form)).toThrow(/ttlMs/);
});

test.each(['a/+', '#', '', 'a\0b'])('nothing is published to %j', (topic) => {
  expect(() => writeMessage(message(), { ...form, topic })).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});

test('a content type that would end the connection is refused', () => {
  expect(() => writeMessage(message({ contentType: 'a\nb' }), form)).toThrow(
    expect.objectContaining({ code: 'invalid-message' }),
  );
});

test('a foreign message keeps what it has: of a name that stands there twice the first value', () => {
  const packet: IPublishPacket = {
    ...packetOf(writeMessage(message(), form)),
    payload: Buffer.from([0xff, 0xfe]),
    properties: {
      payloadFormatIndicator: true,
      correlationData: Buffer.from([0xff]),
      userProperties: { a: ['1', '2'], imtime: 'soon' },
    },
  };
  const { message: read } = readMessage(packet, { protocol: '5', envelope: 'none', channel: 'c' });
  expect(read).toMatchObject({ channel: 'c', key: undefined, publishedAt: undefined });
  expect(read.headers).toEqual(new Map([['a', '1']]));
  expect(read.body).toEqual(Buffer.from([0xff, 0xfe]));
  expect(read.id).toHaveLength(36);
});

test('headers that cannot be unpacked spoil their message alone', () => {
  const packet = packetOf(writeMessage(message(), form));
  const spoilt = { ...packet, properties: { userProperties: { imheaders: '[' } } };
  const read = readMessage(spoilt, { protocol: '5', envelope: 'none', channel: 'orders' });
  expect(read.undecodable).toMatchObject({ code: 'invalid-message' });
});

test('an id and a key that no property can hold are packed', () => {
  const sent = message({ id: 'a\u0001', key: 'k\n', headers: new Map([['a', 'b']]) });
  const packet = packetOf(writeMessage(sent, form));
  const { message: read } = readMessage(packet, {
    protocol: '5',
    envelope: 'cloudevents',
    channel: 'orders',
  });
  expect(read).toMatchObject({ id: 'a\u0001', key: 'k\n', headers: new Map([['a', 'b']]) });
});

test('large packets have long lengths', () => {
  const headers = new Map([['a', 'y'.repeat(9_000)]]);
  for (const size of [100, 127, 128, 16_383, 16_384, 300_000]) {
    const packet = packetOf(
      writeMessage(message({ body: Buffer.alloc(size, 'x'), headers }), form),
    );
    expect(packet.payload).toHaveLength(size);
    expect(packet.properties?.userProperties).toMatchObject({ a: 'y'.repeat(9_000) });
  }
});
