import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { channel, type ChannelOptions, checkName } from './channel.ts';
import { bytes, json } from './codec.ts';
import type { StandardSchema } from './schema.ts';

const schema: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

const coder = { encode: (): string => '', decode: (): string => '' };

/** A declaration as a program without types may write it. */
function declare(name: unknown, options?: unknown): unknown {
  return channel(name as string, options as ChannelOptions<'none'>);
}

describe('channel', () => {
  test('has its defaults filled in', () => {
    expect(channel('orders')).toEqual({
      name: 'orders',
      order: 'none',
      codec: json(),
      schema: undefined,
      cloudEvents: undefined,
    });
  });

  test('keeps what it is given, and cannot be changed', () => {
    const cloudEvents = { mode: 'binary', source: 'urn:shop', type: 'order.placed' } as const;
    const orders = channel('orders', {
      order: 'key',
      schema,
      codec: bytes,
      cloudEvents,
    });
    expect(orders).toEqual({ name: 'orders', order: 'key', codec: bytes, schema, cloudEvents });
    expect(Object.isFrozen(orders)).toBe(true);
  });

  test('a schema may be a function', () => {
    const callable = Object.assign(() => undefined, schema);
    expect(channel('orders', { schema: callable }).schema).toBe(callable);
  });

  test.each([
    ['options', null],
    ['options', 'key'],
    ['order', { order: 'total' }],
    ['schema', { schema: { parse: () => undefined } }],
    ['schema', { schema: { '~standard': { version: 2, validate: () => undefined } } }],
    ['schema', { schema: null }],
    ['codec', { codec: coder }],
    ['codec', { codec: { ...coder, contentType: '' } }],
    ['codec', { codec: null }],
    ['cloudEvents.mode', { cloudEvents: { mode: 'batched' } }],
    ['cloudEvents.mode', { cloudEvents: null }],
    ['cloudEvents.source', { cloudEvents: { mode: 'binary', source: 5 } }],
    ['source', { cloudEvents: { mode: 'binary', source: 'not a uri' } }],
    ['type', { cloudEvents: { mode: 'structured', type: '' } }],
  ])('refuses another kind of %s: %j', (what, options) => {
    expect(codeOf(() => declare('orders', options))).toBe('invalid-argument');
    expect(() => declare('orders', options)).toThrow(`channel 'orders': `);
    expect(() => declare('orders', options)).toThrow(what);
  });

  test('throws nothing but invalid-argument, whatever it is given', () => {
    const options = fc.oneof(
      fc.anything({ withNullPrototype: true }),
      fc.record(
        {
          order: fc.anything(),
          schema: fc.anything(),
          codec: fc.anything(),
          cloudEvents: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.constant('orders'), fc.anything({ withNullPrototype: true })),
        options,
        (name, given) => {
          expect(['none', 'invalid-argument']).toContain(codeOf(() => declare(name, given)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('names', () => {
  test('are up to 60 of a-z, 0-9 and -, beginning with a letter', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,59}$/u), (name) => {
        expect(codeOf(() => checkName('group', name))).toBe('none');
        expect(channel(name).name).toBe(name);
      }),
    );
  });

  test.each([
    '',
    'Orders',
    '1orders',
    '-orders',
    'orders_dlq',
    'orders.fifo',
    'ordérs',
    'orders\n',
    ` orders`,
    'a'.repeat(61),
  ])('refuses %j', (name) => {
    expect(codeOf(() => channel(name))).toBe('invalid-argument');
  });

  test.each([undefined, null, 5, {}, Symbol('orders'), ['orders'], Object.create(null)])(
    'refuses what is no text: %s',
    (name) => {
      expect(codeOf(() => declare(name))).toBe('invalid-argument');
    },
  );

  test('the refusal says what a name is', () => {
    const rule = "it must be 1 to 60 of a-z, 0-9 and '-', beginning with a letter";
    expect(() => checkName('group', 'Billing')).toThrow(`'Billing' is not a group name: ${rule}`);
    expect(() => declare(5)).toThrow(`a value of type number is not a channel name: ${rule}`);
  });
});
