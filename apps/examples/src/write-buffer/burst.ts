import { setTimeout } from 'node:timers/promises';
import { IntermodalError, type Publisher } from '@intermodal/core';
import { type Reading, readings } from './readings.ts';

/** What became of the rows that were sent. */
export interface Burst {
  readonly confirmed: ReadonlyMap<string, Reading>;
  /** They may have arrived; whoever sends such a row again uses the same id. */
  readonly unknown: ReadonlySet<string>;
  readonly refused: number;
  readonly seconds: number;
}

/** Sends rows at the pace at which they come up, whatever the pace at which they are taken. */
export async function sendBurst(
  publisher: Publisher,
  rows: number,
  withinMs: number,
): Promise<Burst> {
  const confirmed = new Map<string, Reading>();
  const unknown = new Set<string>();
  let refused = 0;

  async function send(row: Reading): Promise<void> {
    try {
      await publisher.publish(readings, row, { id: row.id });
      confirmed.set(row.id, row);
    } catch (error) {
      if (IntermodalError.is(error, 'unknown-outcome')) unknown.add(row.id);
      else refused += 1;
    }
  }

  const startedAt = performance.now();
  const run = crypto.randomUUID();
  const sends: Promise<void>[] = [];
  const ticks = 50;
  for (let tick = 1; tick <= ticks; tick += 1) {
    while (sends.length < (rows * tick) / ticks) {
      const number = sends.length;
      sends.push(send({ id: `${run}-${number}`, sensor: `s-${number % 40}`, value: number }));
    }
    const nextAt = startedAt + (withinMs * tick) / ticks;
    await setTimeout(Math.max(0, nextAt - performance.now()));
  }
  await Promise.all(sends);
  return { confirmed, unknown, refused, seconds: (performance.now() - startedAt) / 1_000 };
}
