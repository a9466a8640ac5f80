import { createLife } from '@intermodal/aws';
import { channel, createClient, type Client } from '@intermodal/core';
import type { Clock, Sender, Transport } from '@intermodal/core/driver';
import { begin } from '../../src/beginning.ts';
import { type KinesisCapabilities, kinesisCapabilities } from '../../src/capabilities.ts';
import { kinOf, leaseFor, nextOf } from '../../src/lineage.ts';
import { createReceiver } from '../../src/receiver.ts';
import { pollShard } from '../../src/shard-reader.ts';
import type { Ledger } from './ledger.ts';
import { createNetwork, type Weather } from './network.ts';
import { createProcess, type Process } from './processes.ts';
import type { Random } from './random.ts';
import type { Numbered, Stream } from './stream.ts';
import type { Rows } from './table.ts';

export interface WorkerWorld {
  readonly world: Clock;
  readonly random: Random;
  readonly stream: Stream;
  readonly rows: Rows;
  readonly ledger: Ledger;
  readonly weather: Weather;
  readonly failoverMs: number;
  readonly troubled: boolean;
  readonly trace: (text: string) => void;
}

/** One worker of the group: this package's receiver under the core that applications run. */
export interface SimWorker {
  readonly process: Process;
  stop(): Promise<void>;
}

const maxPrefetch = 60;

const orders = channel<Numbered>('orders', { order: 'key' });

export function startWorker(world: WorkerWorld): SimWorker {
  const { random, ledger, failoverMs } = world;
  const process = createProcess(world.world, random, world.troubled ? 'any' : 'little');
  const client: Client<KinesisCapabilities> = createClient({
    transport: transportOf(world, process),
    clock: process.clock,
  });
  const consuming = client.consume(
    orders,
    {
      group: 'billing',
      from: 'earliest',
      concurrency: random.between(1, 8),
      prefetch: random.between(8, maxPrefetch),
      checkpointMs: random.between(50, 1_000),
      retry: { maxAttempts: 1_000, delayMs: () => random.between(1, 300) },
      unsettledWarningMs: 0,
    },
    async ({ body, signal }) => {
      ledger.start(body);
      try {
        const ms = random.chance(0.02) ? failoverMs * 2 : random.between(0, 30);
        await new Promise<void>((resolve) => {
          process.clock.setTimer(resolve, ms);
        });
        signal.throwIfAborted();
        if (random.chance(0.02)) throw new Error('not this time');
        ledger.done(body);
      } finally {
        ledger.end(body);
      }
    },
  );
  consuming.catch(() => undefined);
  return {
    process,
    async stop() {
      const consumer = await consuming.catch(() => undefined);
      await consumer?.stop({ deadlineMs: 20_000 });
      await client.close();
    },
  };
}

function transportOf(world: WorkerWorld, process: Process): Transport<KinesisCapabilities> {
  const { stream, rows, random, weather, failoverMs, trace } = world;
  const network = createNetwork(world.world, process, random, weather);
  const { clock } = process;
  const table = rows.through(network);
  const reads = stream.through(network);
  const lives = new Set<ReturnType<typeof createLife>>();
  return {
    name: 'simulated',
    capabilities: kinesisCapabilities,
    openSender: () => Promise.resolve(noSender),
    async openReceiver(_address, options, signal) {
      const place = 'the stream';
      const shards = await network.call(() => stream.shards());
      await begin({ table, reads, shards, clock, place }, options.from, signal);
      const life = createLife();
      lives.add(life);
      const form = { channel: 'orders', group: 'billing', role: 'main', envelope: 'none' } as const;
      const receiver = createReceiver(
        {
          address: { channel: 'orders', group: 'billing', role: 'main' },
          place,
          table,
          life,
          envelope: 'none',
          failoverMs,
          handOverMs: failoverMs * 2,
          maxShards: Infinity,
          read: ({ shardId, checkpoint, range }, onNews) =>
            pollShard({
              reads,
              clock,
              form: { ...form, shardId, range: range ?? { first: '0', last: 'g' } },
              from: checkpoint,
              pollMs: 200,
              maxRecords: 100,
              place,
              onNews,
              onError: life.report,
            }),
          async children({ shardId, sinceMs }) {
            const kin = kinOf(await network.call(() => stream.shards()));
            const rowsNow = await table.scan(never);
            return nextOf(kin, rowsNow, shardId).map((child) =>
              leaseFor(child, { at: 'earliest' }, sinceMs),
            );
          },
        },
        {
          ...options,
          async onLane(lane, state) {
            trace(`${lane} ${state}`);
            await options.onLane(lane, state);
            trace(`${lane} ${state}: core knows`);
          },
        },
      );
      await receiver.start(signal);
      return receiver;
    },
    check: () => Promise.resolve(),
    close() {
      for (const life of lives) life.end();
      return Promise.resolve();
    },
  };
}

const never = new AbortController().signal;

const noSender: Sender = {
  limits: {
    maxBatchCount: 1,
    maxBatchBytes: 1_000,
    maxInFlight: 1,
    entries: 'independent',
    lingerMs: 0,
  },
  dead: new Promise(() => undefined),
  prepare: () => ({ bytes: 1, lane: undefined, payload: undefined }),
  send: (batch) => Promise.resolve(batch.map(() => ({ ok: true }))),
  close: () => Promise.resolve(),
};
