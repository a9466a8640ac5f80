import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { upTo } from '../expect.ts';
import { numberOf } from '../journal.ts';
import { assertInOrder, publishInterleaved } from './order.ts';

const ordered = { receive: [true], order: ['key'] } as const;

export const orderAfterRetry: readonly Case[] = [
  {
    name: 'after a retry nothing of that key overtakes, for short and for long delays',
    rules: ['O2'],
    claims: ordered,
    run: (context) => nothingOvertakes(context, { retry: { delayMs: () => 50 } }),
  },
  {
    name: 'a retry beyond the local bound keeps the order of its key',
    rules: ['O2'],
    claims: ordered,
    run: (context) =>
      nothingOvertakes(context, {
        retry: { delayMs: () => context.times.delayMs },
        localRetryMaxMs: 1,
      }),
  },
  {
    name: 'an asked retry keeps the order of its key',
    rules: ['O2', 'R9'],
    claims: ordered,
    run: (context) => askedRetries(context, {}),
  },
  {
    name: 'an asked retry beyond the local bound keeps the order of its key',
    rules: ['O2', 'R9'],
    claims: ordered,
    run: (context) => askedRetries(context, { localRetryMaxMs: 1 }),
  },
];

interface RetryingOptions {
  readonly retry: { readonly delayMs: () => number };
  readonly localRetryMaxMs?: number;
}

/** Every fourth message fails once: its key's next one must not start before it came again and was done. */
async function nothingOvertakes(context: Context, options: RetryingOptions): Promise<void> {
  const orders = await context.channel({ order: 'key' });
  const done = new Map<string, number>();
  const journal = context.journal();
  const overtakes: string[] = [];
  const handler = journal.handler((delivery) => {
    const key = delivery.key ?? '';
    const n = numberOf(delivery.body);
    const before = done.get(key) ?? -1;
    if (n > before + 1) overtakes.push(`${String(n)} of ${key} after ${String(before)}`);
    if (n % 4 === 1 && journal.isFirst(delivery)) throw new Error('once');
    done.set(key, Math.max(before, n));
  });
  for (const _ of upTo(2)) await context.consume(context.client(), orders, handler, options);
  const ids = await publishInterleaved(context, context.client(), orders, 3, 8);
  await journal.covers(ids);
  await context.eventually('all were done', () =>
    upTo(3).every((k) => done.get(`key-${String(k)}`) === 7),
  );
  assert.deepEqual(overtakes, []);
}

/** Every third message asks for a retry while its handler runs, and its followers wait. */
async function askedRetries(
  context: Context,
  options: { readonly localRetryMaxMs?: number },
): Promise<void> {
  const orders = await context.channel({ order: 'key' });
  const journal = context.journal();
  const handler = journal.handler(async (delivery) => {
    if (numberOf(delivery.body) % 3 === 0 && journal.isFirst(delivery)) {
      await delivery.retry({ delayMs: 30 });
    }
  });
  await context.consume(context.client(), orders, handler, options);
  const ids = await publishInterleaved(context, context.client(), orders, 3, 9);
  await journal.covers(ids);
  await context.eventually('each third came again', () => journal.repeated().length >= 9);
  assertInOrder(journal);
}
