import type { ChannelPlan, LogBroker } from './plan.ts';
import { hashText } from './random.ts';
import type { ReceiverState, StoredMessage } from './records.ts';
import type { Wire } from './wire.ts';
import type { World } from './world.ts';

/** One shard: the messages of a range of key hashes, in order. */
export interface Shard {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly parents: readonly Shard[];
  readonly records: StoredMessage[];
  /** Takes no more. */
  closed: boolean;
}

/** A group's place in a shard, and whose the shard is: one row of a lease table. */
export interface Row {
  readonly group: Group;
  readonly shard: Shard;
  /** How many records are settled. */
  checkpoint: number;
  ended: boolean;
  owner: Worker | undefined;
  /** Counts owners; what carries an older number is refused. */
  epoch: number;
  /** It has been asked for, and is on its way to be free. */
  asked: boolean;
}

export interface Worker {
  readonly state: ReceiverState;
  readonly wire: Wire;
  /** The shard is yours from `row.checkpoint` on. */
  readonly grant: (row: Row, epoch: number, from: number) => void;
  /** Please finish with it. */
  readonly ask: (row: Row, epoch: number) => void;
  /** It is not yours any more. */
  readonly tell: (row: Row, epoch: number) => void;
  /** There may be something to read. */
  readonly wake: () => void;
}

export interface Group {
  readonly channel: ChannelPlan;
  readonly name: string;
  readonly rows: Row[];
  readonly workers: Worker[];
}

export interface LogGroups {
  readonly groups: readonly Group[];
  group(channel: ChannelPlan, name: string): Group;
  shardFor(
    channel: ChannelPlan,
    message: { readonly id: string; readonly key?: string | undefined },
  ): Shard;
  append(stored: StoredMessage): void;
  join(group: Group, worker: Worker): void;
  /** It said goodbye, or was not heard of for too long. */
  leave(group: Group, worker: Worker): void;
  /** It gave the shard back after it had been asked. */
  release(row: Row, worker: Worker, epoch: number): void;
  finished(row: Row): void;
  move(lane: number, by: 'asking' | 'force', noticeMs: number): void;
  split(lane: number): void;
}

/** Shards, and how the workers of each group share them. */
export function createLogGroups(world: World, plan: LogBroker): LogGroups {
  const { loop, monitor, trace } = world;
  const chance = world.random.fork('coordinator');
  const shards = new Map<ChannelPlan, Shard[]>();
  const groups: Group[] = [];
  for (const channel of world.plan.channels) {
    const own: Shard[] = [];
    for (let index = 0; index < plan.shards; index += 1) {
      own.push({
        name: `${channel.name}-${index}`,
        from: index / plan.shards,
        to: (index + 1) / plan.shards,
        parents: [],
        records: [],
        closed: false,
      });
    }
    shards.set(channel, own);
    for (const name of channel.groups) {
      const group: Group = { channel, name, rows: [], workers: [] };
      for (const shard of own) group.rows.push(newRow(group, shard));
      groups.push(group);
    }
  }

  function newRow(group: Group, shard: Shard): Row {
    return { group, shard, checkpoint: 0, ended: false, owner: undefined, epoch: 0, asked: false };
  }

  function isReady(row: Row): boolean {
    if (row.ended) return false;
    return row.shard.parents.every(
      (parent) => row.group.rows.find((one) => one.shard === parent)?.ended === true,
    );
  }

  function load(worker: Worker): number {
    return rowsOf(worker).length;
  }

  function rowsOf(worker: Worker): Row[] {
    return groups.flatMap((group) => group.rows.filter((row) => row.owner === worker));
  }

  function balance(group: Group): void {
    if (group.workers.length === 0) return;
    for (const row of group.rows) {
      if (row.owner !== undefined || !isReady(row)) continue;
      const [least] = [...group.workers].sort((left, right) => load(left) - load(right));
      if (least !== undefined) give(row, least);
    }
    const sorted = [...group.workers].sort((left, right) => load(left) - load(right));
    const [least] = sorted;
    const most = sorted.at(-1);
    if (least === undefined || most === undefined || load(most) - load(least) < 2) return;
    const row = rowsOf(most).find((one) => one.group === group && !one.asked);
    if (row !== undefined) ask(row, 0);
  }

  function give(row: Row, worker: Worker): void {
    row.owner = worker;
    row.epoch += 1;
    row.asked = false;
    const { epoch, checkpoint } = row;
    trace?.add(
      `lane ${row.shard.name} of ${row.group.name} goes to receiver ${worker.state.number} from ${checkpoint}`,
    );
    // What was handled and not checkpointed is handled again.
    for (const stored of row.shard.records.slice(checkpoint)) {
      const fate = monitor.ledger.fate(row.group.channel, row.group.name, stored.message.id);
      if (fate.starts > 0) fate.disturbed = true;
    }
    worker.wire.toClient(() => {
      worker.grant(row, epoch, checkpoint);
    });
  }

  function ask(row: Row, noticeMs: number): void {
    const { owner, epoch } = row;
    if (owner === undefined || row.asked) return;
    row.asked = true;
    trace?.add(`lane ${row.shard.name} of ${row.group.name} is asked for`);
    owner.wire.toClient(() => {
      owner.ask(row, epoch);
    }, noticeMs);
    loop.after(world.broker, noticeMs + plan.handOverMs, () => {
      if (row.owner === owner && row.epoch === epoch && row.asked) take(row, 0);
    });
  }

  function take(row: Row, noticeMs: number): void {
    const { owner, epoch } = row;
    if (owner === undefined) return;
    trace?.add(
      `lane ${row.shard.name} of ${row.group.name} is taken from receiver ${owner.state.number}`,
    );
    // Its old owner does not know yet, and goes on.
    for (const stored of row.shard.records.slice(row.checkpoint))
      monitor.ledger.fate(row.group.channel, row.group.name, stored.message.id).disturbed = true;
    disown(row);
    owner.wire.toClient(() => {
      owner.tell(row, epoch);
    }, noticeMs);
    const others = row.group.workers.filter((worker) => worker !== owner);
    if (others.length > 0 && isReady(row)) give(row, chance.pick(others));
    else balance(row.group);
  }

  function disown(row: Row): void {
    row.owner = undefined;
    row.epoch += 1;
    row.asked = false;
  }

  function openShards(channel: ChannelPlan): Shard[] {
    return (shards.get(channel) ?? []).filter((shard) => !shard.closed);
  }

  function shardFor(
    channel: ChannelPlan,
    message: { readonly id: string; readonly key?: string | undefined },
  ): Shard {
    const place = hashText(`shard ${message.key ?? message.id}`) / 4_294_967_296;
    return openShards(channel).find((shard) => shard.from <= place && place < shard.to) as Shard;
  }

  return {
    groups,
    group: (channel, name) =>
      groups.find((group) => group.channel === channel && group.name === name) as Group,
    shardFor,
    append(stored) {
      shardFor(stored.channel, stored.message).records.push(stored);
      for (const group of groups)
        if (group.channel === stored.channel) for (const worker of group.workers) worker.wake();
    },
    join(group, worker) {
      group.workers.push(worker);
      balance(group);
    },
    leave(group, worker) {
      const index = group.workers.indexOf(worker);
      if (index >= 0) group.workers.splice(index, 1);
      for (const row of rowsOf(worker)) {
        if (worker.state.tainted)
          for (const stored of row.shard.records.slice(row.checkpoint))
            monitor.ledger.fate(row.group.channel, row.group.name, stored.message.id).disturbed =
              true;
        disown(row);
      }
      balance(group);
    },
    release(row, worker, epoch) {
      if (row.owner !== worker || row.epoch !== epoch) return;
      disown(row);
      balance(row.group);
    },
    finished(row) {
      disown(row);
      balance(row.group);
    },
    move(lane, by, noticeMs) {
      const owned = groups.flatMap((group) => group.rows.filter((row) => row.owner !== undefined));
      const row = owned[lane % Math.max(1, owned.length)];
      if (row === undefined) return;
      if (by === 'asking') ask(row, noticeMs);
      else take(row, noticeMs);
    },
    split(lane) {
      const open = world.plan.channels.flatMap((channel) =>
        openShards(channel).map((shard) => ({ channel, shard })),
      );
      const chosen = open[lane % open.length];
      if (chosen === undefined) return;
      const { channel, shard } = chosen;
      const middle = (shard.from + shard.to) / 2;
      shard.closed = true;
      trace?.add(`lane ${shard.name} is split`);
      const children: Shard[] = [
        {
          name: `${shard.name}.0`,
          from: shard.from,
          to: middle,
          parents: [shard],
          records: [],
          closed: false,
        },
        {
          name: `${shard.name}.1`,
          from: middle,
          to: shard.to,
          parents: [shard],
          records: [],
          closed: false,
        },
      ];
      shards.get(channel)?.push(...children);
      for (const group of groups) {
        if (group.channel !== channel) continue;
        group.rows.push(...children.map((child) => newRow(group, child)));
        for (const worker of group.workers) worker.wake();
      }
    },
  };
}
