/**
 * The other process of the cases about processes that die. It publishes or consumes until it is killed, and says what it
 * did, a JSON object a line; or it does a little of both and must then end by itself.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { channel, createClient, type Transport } from '@intermodal/core';
import type { ChildTask, ChildWord } from './processes.ts';
import type { Everything } from './test-client.ts';

interface TransportModule {
  readonly transport: (argument: string) => Transport<Everything>;
}

function say(word: ChildWord): void {
  const line = `${JSON.stringify(word)}\n`;
  // A line is out before anything else happens: what a killed process said, it did.
  while (!isWritten(line)) Atomics.wait(moment, 0, 0, 1);
}

const moment = new Int32Array(new SharedArrayBuffer(4));

/** Nothing of it is where the reader is so far behind that its pipe is full. */
function isWritten(line: string): boolean {
  try {
    writeSync(1, line);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    return false;
  }
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const { transport } = (await import(task.program.module)) as TransportModule;
const client = createClient({ transport: transport(task.program.argument) });
const orders =
  task.order === 'key' ? channel(task.channel, { order: 'key' }) : channel(task.channel);

async function publishOn(): Promise<void> {
  for (let n = task.from; ; n += 1) {
    const id = `${task.name}-${String(n)}`;
    say({ publishing: id });
    await client.publish(orders, { n }, { id, key: task.name });
    say({ published: id });
  }
}

/** One after another, with others in hand: what a kill finds unsettled must come again. */
async function consumeOn(): Promise<void> {
  const consumer = await client.consume(
    orders,
    { ...task.options, group: task.group, concurrency: 1, prefetch: 10 },
    async (delivery) => {
      say({ seen: delivery.id });
      await setTimeout(10);
    },
  );
  say({ ready: true });
  await consumer.done;
}

async function visit(): Promise<void> {
  const consumer = await client.consume(
    orders,
    { ...task.options, group: task.group },
    (delivery) => {
      say({ seen: delivery.id });
    },
  );
  await client.publish(orders, { n: 0 });
  await consumer.stop();
  await client.close();
  say({ ready: true });
}

switch (task.role) {
  case 'publish': {
    await publishOn();
    break;
  }
  case 'consume': {
    await consumeOn();
    break;
  }
  case 'visit': {
    await visit();
    break;
  }
  default: {
    task.role satisfies never;
  }
}
