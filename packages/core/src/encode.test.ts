import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { channel } from './channel.ts';
import { bytes, type Codec, text } from './codec.ts';
import { encodeBody } from './encode.ts';
import type { SchemaResult, StandardSchema } from './schema.ts';

type Validate = (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>;

function schema(validate: Validate): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

const thrower = schema(() => {
  throw new TypeError('quotes hunter2');
});

describe('encodeBody', () => {
  test('without a schema: at once, by the codec', () => {
    expect(encodeBody(channel('orders'), { a: 1 })).toEqual({
      body: '{"a":1}',
      contentType: 'application/json',
    });
    const raw = new Uint8Array([1, 2]);
    expect(encodeBody(channel('orders', { codec: bytes }), raw)).toEqual({
      body: raw,
      contentType: 'application/octet-stream',
    });
  });

  test('sends what was given, not what the schema makes of it', () => {
    const orders = channel('orders', { schema: schema(() => ({ value: 'transformed' })) });
    expect(encodeBody(orders, 'given')).toMatchObject({ body: '"given"' });
  });

  test('waits only for a schema that is asynchronous, whoever made its promise', async () => {
    const orders = channel('orders', {
      schema: schema(async (value) => Promise.resolve({ value })),
    });
    await expect(encodeBody(orders, 1)).resolves.toMatchObject({ body: '1' });
    class ForeignPromise extends Promise<SchemaResult<unknown>> {
      static override [Symbol.hasInstance](): boolean {
        return false;
      }
    }
    const validate: Validate = (value) => new ForeignPromise((resolve) => resolve({ value }));
    const foreign = channel('orders', { schema: schema(validate) });
    await expect(encodeBody(foreign, 1)).resolves.toMatchObject({ body: '1' });
  });

  test('says where the body is wrong, never what stands there', async () => {
    const issues = [
      { message: "expected number, not 'hunter2'", path: ['lines', 0, { key: 'price' }] },
      { message: 'again', path: ['lines', 0, 'price'] },
      { message: 'hunter2' },
    ];
    const expected = `the body does not fit the schema of 'orders': 'lines.0.price', the body itself`;
    const sync = channel('orders', { schema: schema(() => ({ issues })) });
    expect(() => encodeBody(sync, {})).toThrow(expected);
    const async = channel('orders', { schema: schema(async () => Promise.resolve({ issues })) });
    await expect(encodeBody(async, {})).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expected,
    });
  });

  test('a schema that throws or rejects is not quoted', async () => {
    const text = "the schema of 'orders' failed instead of telling what is wrong with the body";
    expect(() => encodeBody(channel('orders', { schema: thrower }), {})).toThrow(text);
    const rejecting = schema(async () => Promise.reject(new Error('hunter2')));
    await expect(encodeBody(channel('orders', { schema: rejecting }), {})).rejects.toMatchObject({
      code: 'invalid-argument',
      message: text,
    });
  });

  test.each([
    ['undefined as JSON', undefined, undefined],
    ['a cycle', undefined, circular()],
    ['a bigint', undefined, 1n],
    ['half a surrogate pair', text, 'a\uD800'],
    ['a number as text', text, 5],
    ['text that is none as bytes', bytes, null],
  ])('refuses %s', (_what, codec, body) => {
    const orders = channel('orders', { codec: codec as Codec<unknown> });
    expect(() => encodeBody(orders, body)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  test('throws nothing but invalid-argument, whatever the body', () => {
    const body = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withTypedArray: true,
    });
    const codecs = fc.constantFrom(undefined, text as Codec<unknown>, bytes as Codec<unknown>);
    fc.assert(
      fc.property(body, codecs, (value, codec) => {
        const orders = channel('orders', codec === undefined ? {} : { codec });
        expect(['none', 'invalid-argument']).toContain(codeOf(() => encodeBody(orders, value)));
      }),
    );
  });
});

function circular(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
