import { randomUUID } from 'node:crypto';
import type { Life } from '@intermodal/aws';
import {
  type Address,
  IntermodalError,
  type Receiver,
  type ReceiverOptions,
  type SettleOutcome,
  type Settlement,
  type Token,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { Checkpoint, Lease, LeaseTable, NewLease } from './leases/lease.ts';
import { createLeaseWorker, type LeaseWorker } from './leases/worker.ts';
import { createNews } from './news.ts';
import type { ReadForm, ReadMessage } from './read-record.ts';
import type { ShardReader } from './shard-reader.ts';

export interface ReceiverSettings {
  readonly address: Address;
  readonly place: string;
  readonly table: LeaseTable;
  readonly life: Life;
  readonly envelope: ReadForm['envelope'];
  readonly failoverMs: number;
  readonly handOverMs: number;
  readonly maxShards: number;
  readonly read: (lease: Lease, onNews: () => void) => ShardReader;
  /** What came out of a shard that has ended. */
  readonly children: (lease: Lease, signal: AbortSignal) => Promise<readonly NewLease[]>;
}

/** A receiver, and what its transport does before anybody has it. */
export interface OpenReceiver extends Receiver {
  /** Takes its first leases. */
  start(signal: AbortSignal): Promise<void>;
  /** Milliseconds behind, by shard that this receiver reads. */
  behind(): ReadonlyMap<string, number>;
}

/** One time that a shard is ours, and how far we have read it. */
interface Lane {
  readonly lease: Lease;
  readonly reader: ShardReader;
  revoking: boolean;
  toldEnd: boolean;
  /** It was ours before, and core has not yet let go of that time: nothing of this one may reach it. */
  early: boolean;
}

/** Its value is the time under which it was read; only a token of ours can have one. */
interface LogToken extends Token {
  readonly value: Lane;
  readonly sequence: string;
  readonly sub: number;
}

const maxWaitMs = 20_000;

export function createReceiver(settings: ReceiverSettings, options: ReceiverOptions): OpenReceiver {
  const { life, place } = settings;
  const { clock } = options;
  const lanes = new Map<string, Lane>();
  const news = createNews(clock);
  /** What core is being told of a shard, until it has done what it must. */
  const telling = new Map<string, Promise<void>>();
  let turn = 0;

  const worker: LeaseWorker = createLeaseWorker({
    table: settings.table,
    clock,
    id: randomUUID(),
    failoverMs: settings.failoverMs,
    handOverMs: settings.handOverMs,
    maxShards: settings.maxShards,
    onGranted(lease) {
      const before = telling.get(lease.shardId);
      const reader = settings.read(lease, news.wake);
      const lane = { lease, reader, revoking: false, toldEnd: false, early: before !== undefined };
      lanes.set(lease.shardId, lane);
      void before?.then(() => {
        lane.early = false;
        news.wake();
      });
    },
    async onRevoking(shardId) {
      const lane = lanes.get(shardId);
      if (lane === undefined) return;
      lane.revoking = true;
      lane.reader.stop();
      await tell(shardId, 'revoking');
      if (lanes.get(shardId) === lane) lanes.delete(shardId);
    },
    onLost(shardId) {
      const lane = lanes.get(shardId);
      if (lane === undefined) return;
      lane.reader.stop();
      lanes.delete(shardId);
      void tell(shardId, 'lost');
    },
    onError: life.report,
  });

  /** Core learns that a lane is going only when it knows what it has of it: a batch may still be on its way. */
  function tell(shardId: string, state: 'revoking' | 'lost' | 'ended'): Promise<void> {
    const told = Promise.all([telling.get(shardId), inform(shardId, state)]).then(() => {
      if (telling.get(shardId) === told) telling.delete(shardId);
    });
    telling.set(shardId, told);
    return told;
  }

  async function inform(shardId: string, state: 'revoking' | 'lost' | 'ended'): Promise<void> {
    await news.seen();
    if (life.over) return;
    try {
      await options.onLane(shardId, state);
    } catch {
      // The shard must go on to its next owner, whatever became of this one.
    }
  }

  function take(max: number): readonly WireDelivery[] {
    const deliveries: WireDelivery[] = [];
    const all = [...lanes];
    turn += 1;
    for (let index = 0; index < all.length && deliveries.length < max; index += 1) {
      const [shardId, lane] = all[(turn + index) % all.length] as [string, Lane];
      const messages = lane.revoking || lane.early ? [] : lane.reader.take(max - deliveries.length);
      for (const message of messages) deliveries.push(deliver(shardId, lane, message));
      if (messages.length === 0 && lane.reader.ended && !lane.early) end(shardId, lane);
    }
    return deliveries;
  }

  function deliver(shardId: string, lane: Lane, read: ReadMessage): WireDelivery {
    const { message, undecodable, position, native, sequence, sub } = read;
    const token: LogToken = { value: lane, sequence, sub };
    const delivery = {
      token,
      message,
      lane: shardId,
      attempt: undefined,
      redelivered: undefined,
      leaseUntil: undefined,
      position,
      native,
    };
    return undecodable === undefined ? delivery : { ...delivery, undecodable };
  }

  function end(shardId: string, lane: Lane): void {
    if (lane.toldEnd) return;
    lane.toldEnd = true;
    void tell(shardId, 'ended');
  }

  async function checkpoint(
    shardId: string,
    at: Token | 'end',
    signal: AbortSignal,
  ): Promise<SettleOutcome> {
    const lane = lanes.get(shardId);
    if (life.over || lane === undefined || lane.early) return 'lost';
    if (at !== 'end' && at.value !== lane) return 'lost';
    try {
      if (at === 'end') return await finish(shardId, lane, signal);
      const { sequence, sub } = at as LogToken;
      const reached: Checkpoint = { at: 'record', sequence, sub };
      return await worker.checkpoint(shardId, reached, signal);
    } catch (cause) {
      const failed = IntermodalError.from(cause, { transport: 'kinesis', address: place });
      life.report(failed);
      return { failed };
    }
  }

  async function finish(shardId: string, lane: Lane, signal: AbortSignal): Promise<SettleOutcome> {
    if (!lane.toldEnd) {
      const text = `${place}: '${shardId}' has not been read to its end`;
      return { failed: new IntermodalError('invalid-argument', text, { transport: 'kinesis' }) };
    }
    const children = await settings.children(lane.lease, signal);
    const outcome = await worker.finish(shardId, children, signal);
    if (lanes.get(shardId) === lane) lanes.delete(shardId);
    return outcome;
  }

  /** Only dead letters are settled one by one, in their order, by whoever moves them back. */
  function settle({ token, action }: Settlement, signal: AbortSignal): Promise<SettleOutcome> {
    const held = [...lanes].find(([, lane]) => lane === token.value);
    if (held === undefined) return Promise.resolve('lost');
    if (action !== 'ack') {
      const failed = new IntermodalError('unsupported', `a log cannot ${action} one message`);
      return Promise.resolve({ failed });
    }
    if (settings.address.role === 'main') return Promise.resolve('done');
    return checkpoint(held[0], token, signal);
  }

  async function settleAll(
    batch: readonly Settlement[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    const outcomes: SettleOutcome[] = [];
    for (const settlement of batch) outcomes.push(await settle(settlement, signal));
    return outcomes;
  }

  function stopReading(): void {
    for (const { reader } of lanes.values()) reader.stop();
    news.end();
  }

  void life.dead.then(() => {
    stopReading();
    worker.kill();
    lanes.clear();
  });

  return {
    limits: {
      maxPerReceive: 1_000,
      maxConcurrentReceives: 1,
      maxWaitMs,
      maxPerSettle: 100,
      settleLingerMs: 0,
    },
    dead: life.dead,
    start: (signal) => worker.start(signal),
    behind: () =>
      new Map(
        [...lanes].flatMap(([shardId, { reader }]) =>
          reader.behindMs === undefined ? [] : [[shardId, reader.behindMs] as const],
        ),
      ),
    receive: (max, stop) => news.receive(() => (life.over ? [] : take(max)), maxWaitMs, stop),
    settle: settleAll,
    checkpoint,
    pauseLane(shardId, paused) {
      lanes.get(shardId)?.reader.pause(paused);
      if (!paused) news.wake();
    },
    async close(signal) {
      stopReading();
      if (!life.over) await worker.stop(signal);
      lanes.clear();
      life.end();
      return { abandoned: 0 };
    },
  };
}
