import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { channel, type Channel } from '../src/channel.ts';
import { decodeBody } from '../src/decode.ts';
import { encodeBody } from '../src/encode.ts';

interface Input {
  readonly id: string;
  readonly at: string;
}

interface Output {
  readonly id: string;
  readonly at: Date;
}

const zodOrder = z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) });
const valibotOrder = v.object({
  id: v.string(),
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
});
const arktypeOrder = type({ id: 'string', at: 'string.date.iso.parse' });

const zodKnown = zodOrder.refine(async (order) => Promise.resolve(order.id !== 'gone'), {
  path: ['id'],
});
const valibotKnown = v.pipeAsync(
  valibotOrder,
  v.checkAsync(async (order) => Promise.resolve(order.id !== 'gone')),
);

const libraries: readonly (readonly [string, Channel<Input, Output>])[] = [
  ['zod', channel('orders', { schema: zodOrder })],
  ['valibot', channel('orders', { schema: valibotOrder })],
  ['arktype', channel('orders', { schema: arktypeOrder })],
];

const asynchronous: readonly (readonly [string, Channel<Input, Output>])[] = [
  ['zod', channel('orders', { schema: zodKnown })],
  ['valibot', channel('orders', { schema: valibotKnown })],
];

const order: Input = { id: 'a', at: '2026-01-02T03:04:05.000Z' };
const message = { id: 'i1', channel: 'orders', headers: new Map<string, string>() };

describe.each(libraries)('%s', (_library, orders) => {
  test('publish sends its input, a consumer gets its output, neither waits', () => {
    const encoded = encodeBody(orders, order);
    expect(encoded).toEqual({ body: JSON.stringify(order), contentType: 'application/json' });
    const decoded = decodeBody(orders, { ...message, body: JSON.stringify(order) });
    expect(decoded).toEqual({ id: 'a', at: new Date(order.at) });
  });

  test('an error names the place and quotes nothing', () => {
    const wrong = { id: 'hunter2', at: 5 };
    expect(() => encodeBody(orders, wrong)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: "the body does not fit the schema of 'orders': 'at'",
      }),
    );
    const body = JSON.stringify(wrong);
    expect(() => decodeBody(orders, { ...message, body })).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    );
    expect(() => decodeBody(orders, { ...message, body: '5' })).toThrow(/: the body itself$/u);
  });
});

describe.each(asynchronous)('%s with an asynchronous refinement', (_library, orders) => {
  test('is waited for on both sides', async () => {
    await expect(encodeBody(orders, order)).resolves.toMatchObject({ body: JSON.stringify(order) });
    const decoded = decodeBody(orders, { ...message, body: JSON.stringify(order) });
    await expect(decoded).resolves.toEqual({ id: 'a', at: new Date(order.at) });
  });

  test('refuses on both sides', async () => {
    const gone = { ...order, id: 'gone' };
    await expect(encodeBody(orders, gone)).rejects.toMatchObject({ code: 'invalid-argument' });
    const decoded = decodeBody(orders, { ...message, body: JSON.stringify(gone) });
    await expect(decoded).rejects.toMatchObject({ code: 'invalid-message' });
  });
});
