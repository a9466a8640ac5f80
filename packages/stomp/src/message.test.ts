import type { WireMessage } from '@intermodal/core/driver';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOf, type StompBroker } from './engine.ts';
import { createFrameReader, type Frame } from './frames.ts';
import {
  type EncodedMessage,
  sendAgain,
  sendFrame,
  type WireForm,
  writeMessage,
} from './message.ts';
import { readMessage } from './read-message.ts';

const now = 1_700_000_000_000;

function formOf(broker: StompBroker, more: Partial<WireForm> = {}): WireForm {
  const place = placeOf(broker, { channel: 'orders', role: 'main' }, undefined);
  return { broker, place, isTextOnly: false, maxMessageBytes: 1_000_000, ...more };
}

function messageOf(fields: Partial<WireMessage> = {}): WireMessage {
  return { id: 'm-1', channel: 'orders', headers: new Map(), body: 'text', ...fields };
}

function frameOf(encoded: EncodedMessage, transaction?: string): Frame {
  const parts = sendFrame(encoded, 'r1', transaction).map((part) => Buffer.from(part as string));
  expect(Buffer.concat(parts).length).toBeLessThanOrEqual(encoded.bytes + 32);
  const found: Frame[] = [];
  const reader = createFrameReader({
    onFrame: (frame) => found.push(frame),
    onHeartBeat: () => undefined,
    onBroken: () => expect.unreachable(),
  });
  reader.push(Buffer.concat(parts));
  const [frame] = found;
  if (frame === undefined) throw new Error('it is no whole frame');
  return frame;
}

function written(message: WireMessage, form: WireForm): Frame {
  return frameOf(writeMessage(message, form, now));
}

describe('on ActiveMQ', () => {
  test('text is a text message, and bytes state their length', () => {
    const text = written(messageOf({ body: 'żółć' }), formOf('activemq'));
    expect(text.headers.has('content-length')).toBe(false);
    expect(text.body.toString()).toBe('żółć');
    const bytes = written(messageOf({ body: Buffer.of(1, 0, 2) }), formOf('activemq'));
    expect(bytes.headers.get('content-length')).toBe('3');
    const withNul = written(messageOf({ body: 'a\0b' }), formOf('activemq'));
    expect(withNul.headers.get('content-length')).toBe('3');
  });

  test('every field is where others look for it', () => {
    const { headers } = written(
      messageOf({
        key: 'k',
        publishedAt: 123,
        contentType: 'application/json',
        delayMs: 1_500.5,
        ttlMs: 1_000,
        priority: 7,
        headers: new Map([['tenant', 'a:b\\c']]),
      }),
      formOf('activemq'),
    );
    expect(Object.fromEntries(headers)).toEqual({
      receipt: 'r1',
      destination: '/topic/VirtualTopic.orders',
      persistent: 'true',
      'content-type': 'application/json',
      imid: 'm-1',
      JMSXGroupID: 'k',
      imkey: 'k',
      imtime: '123',
      timestamp: '123',
      priority: '7',
      expires: String(now + 2_501),
      AMQ_SCHEDULED_DELAY: '1501',
      tenant: 'a:b\\c',
    });
  });

  test('a WebSocket gets bytes that are no text as base64, and they are read again', () => {
    const form = formOf('activemq', { isTextOnly: true });
    const body = Buffer.of(0x61, 0xff);
    const frame = written(messageOf({ body }), form);
    expect(frame.headers.get('imenc')).toBe('base64');
    expect(frame.body.toString()).toBe('Yf8=');
    const { message } = readMessage(frame, 'activemq', 'orders');
    expect(Buffer.from(message.body as Uint8Array)).toEqual(body);
    expect(message.headers.size).toBe(0);
    const text = written(messageOf({ body: Buffer.from('plain') }), form);
    expect(text.headers.has('imenc')).toBe(false);
  });

  test('a retry is the same message with the attempts that failed', () => {
    const first = written(
      messageOf({
        key: 'k',
        priority: 7,
        ttlMs: 5_000,
        contentType: 'text/plain',
        headers: new Map([['tenant', 'a']]),
      }),
      formOf('activemq'),
    );
    const delivered: Frame = {
      ...first,
      headers: new Map([
        ...first.headers,
        ['ack', 'a-1'],
        ['message-id', 'ID:1'],
        ['subscription', '0'],
        ['redelivered', 'true'],
      ]),
    };
    const again = frameOf(sendAgain(delivered, '/queue/billing', 2, 700), 't1');
    expect(Object.fromEntries(again.headers)).toEqual({
      receipt: 'r1',
      transaction: 't1',
      destination: '/queue/billing',
      persistent: 'true',
      imattempt: '2',
      'content-type': 'text/plain',
      imid: 'm-1',
      imkey: 'k',
      priority: '7',
      expires: String(now + 5_000),
      tenant: 'a',
      AMQ_SCHEDULED_DELAY: '700',
    });
    const read = readMessage(again, 'activemq', 'orders');
    expect(read).toMatchObject({ failures: 2, redelivered: true });
    expect(read.message).toMatchObject({ id: 'm-1', key: 'k', priority: 7, body: 'text' });
    expect(read.message.headers).toEqual(new Map([['tenant', 'a']]));
  });

  test('attempts of a dead letter are a header, and brought back it begins anew', () => {
    const headers = new Map([
      ['imattempt', '5'],
      ['imreason', 'why'],
    ]);
    const read = readMessage(written(messageOf({ headers }), formOf('activemq')), 'activemq', 'o');
    expect(read.failures).toBe(0);
    expect(read.message.headers).toEqual(headers);
  });
});

describe('on RabbitMQ', () => {
  test('every field is where others look for it', () => {
    const { headers } = written(
      messageOf({ key: 'k', publishedAt: 1_999, ttlMs: 1_000.2, body: 'text' }),
      formOf('rabbitmq'),
    );
    expect(Object.fromEntries(headers)).toEqual({
      receipt: 'r1',
      destination: '/exchange/orders',
      persistent: 'true',
      'content-length': '4',
      'amqp-message-id': 'm-1',
      imkey: 'k',
      imtime: '1999',
      timestamp: '1',
      expiration: '1001',
    });
  });

  test('an id that is no short string is a header', () => {
    const id = 'x'.repeat(256);
    const frame = written(messageOf({ id }), formOf('rabbitmq'));
    expect(frame.headers.get('imid')).toBe(id);
    expect(readMessage(frame, 'rabbitmq', 'orders').message.id).toBe(id);
  });

  test('what the publisher wrote for the broker is no header of its message', () => {
    const headers = new Map([
      ['receipt', '7'],
      ['x-delivery-count', '3'],
      ['x-request-id', 'r'],
      ['ack', 'a'],
    ]);
    const read = readMessage({ command: 'MESSAGE', headers, body: Buffer.of() }, 'rabbitmq', 'o');
    expect(read).toMatchObject({ failures: 3, redelivered: true });
    expect(read.message.headers).toEqual(new Map([['x-request-id', 'r']]));
  });
});

test('any headers and bodies survive on both', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    fc.constantFrom('receipt', 'ack', 'content-length', 'JMSXGroupID', 'x-death', '__proto__'),
  );
  const body = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
  const headers = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' })), { maxLength: 5 });
  fc.assert(
    fc.property(headers, body, fc.constantFrom('activemq', 'rabbitmq'), (all, given, broker) => {
      const wanted = new Map(all);
      const message = messageOf({ headers: wanted, body: given });
      const frame = written(message, formOf(broker));
      const read = readMessage(frame, broker, 'orders');
      expect(read.undecodable).toBeUndefined();
      expect(read.message.headers).toEqual(wanted);
      expect(Buffer.from(read.message.body as string)).toEqual(Buffer.from(given as string));
    }),
  );
});

test('limits are kept before anything is sent', () => {
  const large = messageOf({ body: Buffer.alloc(2_000) });
  const form = formOf('activemq', { maxMessageBytes: 1_000 });
  expect(() => writeMessage(large, form, now)).toThrow(
    expect.objectContaining({ code: 'too-large' }) as Error,
  );
  const headers = new Map([['long', 'x'.repeat(20_000)]]);
  expect(() => writeMessage(messageOf({ headers }), formOf('activemq'), now)).toThrow(
    expect.objectContaining({ code: 'invalid-message' }) as Error,
  );
  const contentType = 'text/plain\nreceipt:1';
  expect(() => writeMessage(messageOf({ contentType }), formOf('activemq'), now)).toThrow(
    expect.objectContaining({ code: 'invalid-message' }) as Error,
  );
});

test('what claims to be ours and is not is undecodable, with its bytes', () => {
  const body = Buffer.of(1, 2);
  const headers = new Map([['imenc', 'zip']]);
  const read = readMessage({ command: 'MESSAGE', headers, body }, 'activemq', 'orders');
  expect(read.undecodable).toMatchObject({ code: 'invalid-message' });
  expect(read.message.body).toBe(body);
});
