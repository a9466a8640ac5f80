import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createClient } from '@intermodal/core';
import { type Child, startChild } from '../child-process.ts';
import { type Ending, runExample, type Stage } from '../run-example.ts';
import { transportOf } from '../transport.ts';
import { audit } from './audit.ts';
import { type Burst, sendBurst } from './burst.ts';
import { openDatabase } from './database.ts';
import { group, maxAttempts, readings } from './readings.ts';
import type { WriterReport } from './writer.ts';

const burst = 5_000;
const lockAfter = 1_000;
const lockMs = 2_000;
const dieAfter = 2_500;
const patienceMs = 60_000;

await runExample(async ({ url, folder, interrupted, note }: Stage): Promise<Ending> => {
  const file = join(folder, 'readings.sqlite');
  const database = openDatabase(file, 5_000);
  const client = createClient({ transport: await transportOf(url), publishTimeoutMs: 60_000 });
  await client.provision([readings], { groups: [group], maxAttempts });

  const counts = { failedTransactions: 0, failedRows: 0, writersDied: 0, backlogAtMost: 0 };
  let written = 0;
  let lockIsDue = true;
  let ending = false;
  let writer = startWriter([`${dieAfter}`]);

  /** As a supervisor of services does: one that is gone is started again. */
  function startWriter(more: readonly string[] = []): Child {
    const args = [url, file, ...more];
    const child = startChild(new URL('writer.ts', import.meta.url), args, (report) => {
      onReport(report as WriterReport);
    });
    note(`writer ${child.pid} started`);
    void child.gone.then(() => {
      if (ending) return;
      note(`writer ${child.pid} died; ${written} rows are written`);
      counts.writersDied += 1;
      writer = startWriter();
    });
    return child;
  }

  async function stopWriter(): Promise<void> {
    ending = true;
    await writer.stop();
  }

  function onReport(report: WriterReport): void {
    if (report.type === 'failed') {
      counts.failedTransactions += 1;
      counts.failedRows += report.rows;
      return;
    }
    written += report.inserted;
    if (!lockIsDue || written < lockAfter) return;
    lockIsDue = false;
    lockForAWhile();
  }

  function lockForAWhile(): void {
    note(`${written} rows are written; the database is locked for ${lockMs} ms`);
    const unlock = database.lock();
    void setTimeout(lockMs, undefined, { signal: interrupted }).then(unlock, unlock);
  }

  /** Until every row that was confirmed is there and the queue is empty, or nothing was written for too long. */
  async function untilWritten(sending: Promise<Burst>): Promise<void> {
    let expected = Infinity;
    let waiting = Infinity;
    let before = 0;
    let since = performance.now();
    void sending.then(({ confirmed }) => {
      expected = confirmed.size;
      note(`${expected} rows are confirmed, ${written} are written`);
    });
    while ((before < expected || waiting > 0) && performance.now() - since < patienceMs) {
      await setTimeout(100, undefined, { signal: interrupted });
      const { ready, inFlight } = await client.backlog(readings, { group });
      waiting = ready + inFlight;
      counts.backlogAtMost = Math.max(counts.backlogAtMost, waiting);
      const now = database.count();
      if (now > before) since = performance.now();
      before = now;
    }
  }

  const startedAt = performance.now();
  try {
    const sending = sendBurst(client, burst, 1_000);
    await untilWritten(sending);
    const sent = await sending;
    const seconds = (performance.now() - startedAt) / 1_000;
    await stopWriter();
    const { deadLettered } = await client.backlog(readings, { group });
    const faults = { ...audit(database, sent), deadLettered };
    const { transactions, repeated } = database.totals();
    return {
      ok: Object.values(faults).every((count) => count === 0) && sent.refused === 0,
      figures: {
        example: 'write-buffer',
        transport: client.transport,
        sent: burst,
        confirmed: sent.confirmed.size,
        unknown: sent.unknown.size,
        refused: sent.refused,
        rows: database.count(),
        ...faults,
        repeated,
        transactions,
        ...counts,
        confirmedAfterSeconds: Math.round(sent.seconds * 1_000) / 1_000,
        writtenAfterSeconds: Math.round(seconds * 1_000) / 1_000,
      },
    };
  } finally {
    await stopWriter();
    await client.close();
    database.close();
  }
});
