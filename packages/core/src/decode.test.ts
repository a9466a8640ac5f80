import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { channel } from './channel.ts';
import { encodeEnvelope } from './cloud-event-envelope.ts';
import { toCloudEvent } from './cloud-events.ts';
import { bytes, type Codec, text } from './codec.ts';
import { decodeBody, unwrapMessage } from './decode.ts';
import type { WireMessage } from './driver.ts';
import { encodeBody, type Encoded } from './encode.ts';
import type { StandardSchema } from './schema.ts';

function message(body: string | Uint8Array, contentType?: string): WireMessage {
  return { id: 'i1', channel: 'orders', headers: new Map(), body, contentType };
}

const doubled: StandardSchema<number> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: Number(value) * 2 }) },
};
const refusing: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async () => Promise.resolve({ issues: [{ message: 'hunter2', path: ['a'] }] }),
  },
};

describe('decodeBody', () => {
  test('gives what the codec decodes, or what the schema makes of it', () => {
    expect(decodeBody(channel('orders'), message('{"a":1}'))).toEqual({ a: 1 });
    expect(
      decodeBody(channel('orders', { codec: text }), message(new Uint8Array([0x68, 0x69]))),
    ).toBe('hi');
    expect(decodeBody(channel('orders', { schema: doubled }), message('21'))).toBe(42);
  });

  test.each([
    ['no JSON', undefined, '{"card":"hunter2"'],
    ['no UTF-8', text, new Uint8Array([0xff])],
  ])('refuses %s without quoting it', (_what, codec, body) => {
    const orders = channel('orders', { codec: codec as Codec<unknown> });
    expect(() => decodeBody(orders, message(body))).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    );
    expect(() => decodeBody(orders, message(body))).not.toThrow(/hunter2/u);
  });

  test('a codec that throws something else', () => {
    const codec: Codec<unknown> = {
      contentType: 'a/b',
      encode: () => '',
      decode: () => {
        throw new RangeError('hunter2');
      },
    };
    expect(() => decodeBody(channel('orders', { codec }), message('x'))).toThrow(
      expect.objectContaining({
        code: 'invalid-message',
        message: "channel 'orders': its codec cannot decode the body",
      }),
    );
  });

  test('a body that the schema refuses', async () => {
    await expect(
      decodeBody(channel('orders', { schema: refusing }), message('{}')),
    ).rejects.toMatchObject({
      code: 'invalid-message',
      message: "the body does not fit the schema of 'orders': 'a'",
    });
  });

  test('undoes encodeBody', () => {
    const orders = channel('orders');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const encoded = encodeBody(orders, value) as Encoded;
        const again = decodeBody(orders, message(encoded.body, encoded.contentType));
        expect(JSON.stringify(again)).toBe(JSON.stringify(value));
      }),
    );
  });

  test('throws nothing but invalid-message, whatever the body', () => {
    const codecs = fc.constantFrom(undefined, text as Codec<unknown>, bytes as Codec<unknown>);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), codecs, (body, codec) => {
        const orders = channel('orders', codec === undefined ? {} : { codec });
        const code = codeOf(() => decodeBody(orders, message(body)));
        expect(['none', 'invalid-message']).toContain(code);
      }),
    );
  });
});

describe('unwrapMessage', () => {
  const plain = message('{"a":1}', 'application/json');
  const structured = toCloudEvent(plain, { mode: 'structured' });
  const binary = toCloudEvent(plain, { mode: 'binary' });

  test('leaves a message that is no event alone', () => {
    expect(unwrapMessage(channel('orders'), plain, 'ce-')).toBe(plain);
    expect(
      unwrapMessage(channel('orders', { cloudEvents: { mode: 'binary' } }), plain, 'ce-'),
    ).toBe(plain);
  });

  test('either mode, where the channel asks for one', () => {
    const orders = channel('orders', { cloudEvents: { mode: 'binary' } });
    expect(unwrapMessage(orders, binary, 'ce-')).toEqual(plain);
    expect(unwrapMessage(orders, structured, 'ce-')).toEqual(plain);
  });

  test('an envelope that the channel did not ask for, unless its codec does', () => {
    expect(unwrapMessage(channel('orders'), structured, 'ce-')).toEqual(plain);
    expect(unwrapMessage(channel('orders'), binary, 'ce-')).toBe(binary);
    const codec: Codec<string> = {
      ...text,
      contentType: 'application/cloudevents+json; charset=utf-8',
    };
    expect(unwrapMessage(channel('orders', { codec }), structured, 'ce-')).toBe(structured);
    const envelope = message(encodeEnvelope(plain), codec.contentType);
    expect(unwrapMessage(channel('orders'), envelope, 'ce-').body).toBe('{"a":1}');
  });
});
