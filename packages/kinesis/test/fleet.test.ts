import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { channel, createClient } from '@intermodal/core';
import { expect, onTestFinished, test } from 'vitest';
import { kinesisTransport } from '../src/index.ts';
import { emulated, newStream, rawClient } from './opened.ts';

const orders = channel<{ readonly n: number }>('orders', { order: 'key' });
const raw = rawClient();
const keys = 12;
const rounds = 40;

interface Done {
  readonly key: string;
  readonly n: number;
}

/** A process that consumes; it tells what it has done. */
async function startWorker(setting: object, onDone: (done: Done) => void): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('fleet-worker.ts', import.meta.url));
  const args = ['--conditions=intermodal:source', program, JSON.stringify(setting)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => {
    const [key = '', n = ''] = line.split(' ');
    onDone({ key, n: Number(n) });
  });
  return child;
}

test('three workers, one killed and one stopped while shards split and merge: all is done, in order', async () => {
  const stream = await newStream(raw, 2);
  const table = `${stream}_billing`;
  const options = {
    ...emulated(),
    streams: { orders: stream },
    pollMs: 200,
    leasing: { failoverMs: 3_000 },
  };
  const transport = kinesisTransport({
    ...options,
    leasing: { ...options.leasing, table: () => table },
  });
  const client = createClient({ transport });
  onTestFinished(() => client.close());
  await client.provision([orders], { groups: ['billing'] });

  const next = new Map<string, number>();
  const overtakes: string[] = [];
  let repeats = 0;
  const onDone = ({ key, n }: Done): void => {
    const expected = next.get(key) ?? 0;
    if (n > expected) overtakes.push(`${key} ${n} before ${expected}`);
    if (n < expected) repeats += 1;
    next.set(key, Math.max(expected, n + 1));
  };
  const start = (): Promise<ChildProcess> => startWorker({ options, table }, onDone);
  const [killed, stopped] = await Promise.all([start(), start(), start()]);

  const events: Readonly<Record<number, () => Promise<unknown>>> = {
    8: () =>
      raw.send(
        new SplitShardCommand({
          StreamName: stream,
          ShardToSplit: 'shardId-000000000000',
          NewStartingHashKey: String(1n << 126n),
        }),
      ),
    14: () => Promise.resolve(killed.kill('SIGKILL')),
    20: () =>
      raw.send(
        new MergeShardsCommand({
          StreamName: stream,
          ShardToMerge: 'shardId-000000000003',
          AdjacentShardToMerge: 'shardId-000000000001',
        }),
      ),
    26: () => Promise.resolve(stopped.kill('SIGTERM')),
  };
  for (let n = 0; n < rounds; n += 1) {
    await events[n]?.();
    const publishing = Array.from({ length: keys }, (_, key) =>
      client.publish(orders, { n }, { key: `key-${key}` }),
    );
    await Promise.all(publishing);
  }
  const finished = (): number => [...next.values()].filter((n) => n === rounds).length;
  await expect.poll(finished, { timeout: 60_000 }).toBe(keys);
  expect(overtakes).toEqual([]);
  if (stopped.exitCode === null) await once(stopped, 'exit');
  expect(stopped.exitCode).toBe(0);
  expect(repeats).toBeLessThan(keys * rounds);
  process.stderr.write(`${keys * rounds} messages, ${repeats} repeats\n`);
}, 120_000);
