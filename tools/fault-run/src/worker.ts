// Started by `run-faults.ts` as a process of its own: publishes or consumes, and writes down what came of it.
import { setTimeout as wait } from 'node:timers/promises';
import { channel, createClient, IntermodalError, type Transport } from '@intermodal/core';
import { appendTo } from './journal.ts';
import type { Allowance, WorkerTask } from './workers.ts';

interface TransportModule {
  readonly transport: (argument: string) => Transport;
}

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const { transport } = (await import(task.program.module)) as TransportModule;
const client = createClient({ transport: transport(task.program.argument) });
const orders = channel<{ readonly n: number }>(task.channel);
const journal = appendTo(task.journal);
// For a publish that broker and core together cannot bring to an end.
const publishTimeoutMs = 120_000;
const againAfterMs = 20;

// It may be told to finish before it has begun.
const finished = process.connected
  ? new Promise<void>((resolve) => {
      process.once('disconnect', () => {
        resolve();
      });
    })
  : Promise.resolve();

let allowed = 0;
let onAllowed: (() => void)[] = [];
process.on('message', ({ below }: Allowance) => {
  allowed = below;
  const all = onAllowed;
  onAllowed = [];
  for (const go of all) go();
});

/** In the order of their numbers: the next one when this one is confirmed. */
async function publishAll(key: string, from: number): Promise<void> {
  let n = from;
  while (n < task.perKey) {
    if (n >= allowed) {
      await new Promise<void>((go) => onAllowed.push(go));
      continue;
    }
    try {
      await client.publish(orders, { n }, { key, timeoutMs: publishTimeoutMs });
      journal.write({ kind: 'confirmed', key, n });
      n += 1;
    } catch (error) {
      journal.write({ kind: 'refused', code: IntermodalError.from(error).code });
      await wait(againAfterMs);
    }
  }
}

if (task.role === 'publish') {
  await Promise.all(Object.entries(task.from).map(([key, from]) => publishAll(key, from)));
} else {
  const consumer = await client.consume(
    orders,
    { group: task.group, concurrency: 50, prefetch: 200 },
    ({ key = '', body }) => {
      // Before the ack: whoever gets it next writes it down after this.
      journal.write({ kind: 'seen', key, n: body.n });
    },
  );
  await finished;
  await consumer.stop();
}
await client.close();
if (process.connected) process.disconnect();
