import { IntermodalError, type StartPosition, type WireMessage } from '@intermodal/core/driver';
import { store } from '../message.ts';
import type { ChannelOptions, LogChannel } from './channel.ts';
import { place } from './connection.ts';
import { createHistory, type History } from './history.ts';
import { createLogGroup, type LogGroup } from './log-group.ts';

/** A part of a log that keeps its order: the messages whose hashed key is in its range. */
export interface Shard {
  readonly id: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly history: History;
  /** Read to its end before this one is begun. */
  readonly parent: Shard | undefined;
  /** Takes no more messages. */
  closed: boolean;
}

const hashes = 2 ** 32;

export function createLogChannel(options: ChannelOptions, shardCount: number): LogChannel {
  const { name, clock, retain, nextSequence } = options;
  const shards: Shard[] = [];
  const groups = new Map<string, LogGroup>();
  for (let index = 0; index < shardCount; index += 1) {
    const start = (part: number): number => Math.floor((part * hashes) / shardCount);
    addShard(start(index), start(index + 1), undefined);
  }

  function addShard(from: number, to: number, parent: Shard | undefined): string {
    const id = `shard-${shards.length}`;
    shards.push({ id, from, to, history: createHistory(), parent, closed: false });
    return id;
  }

  function shardFor({ key, id }: WireMessage): Shard {
    const hashed = hash(key ?? id);
    return shards.find(({ closed, from, to }) => !closed && from <= hashed && hashed < to) as Shard;
  }

  function addGroup(group: string, from?: StartPosition): LogGroup {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const made = createLogGroup(group, shards);
    groups.set(group, made);
    made.start(from ?? 'latest');
    return made;
  }

  /** Beyond what is retained, but never what a group has still to read. */
  function trim(shard: Shard): void {
    const floors = Array.from(groups.values(), (group) => group.floor(shard));
    shard.history.trim(Math.min(shard.history.end - retain, ...floors));
  }

  return {
    mode: 'log',
    hasGroup: (group) => groups.has(group),
    addGroup,
    removeGroup: (group) => groups.delete(group),
    open(name, from) {
      const group = addGroup(name);
      if (from !== undefined && !group.started) group.start(from);
      return group;
    },
    append(payload, only) {
      const shard = shardFor(payload.message);
      const stored = store(payload, nextSequence(), clock.now(), only);
      shard.history.push(stored);
      if (shard.history.size > 2 * retain) trim(shard);
      return stored;
    },
    wake() {
      for (const group of groups.values()) group.wake();
    },
    unsettled: (group) => groups.get(group)?.unsettled() ?? [],
    published: () =>
      shards
        .flatMap(({ history }) => history.all())
        .filter(({ only }) => only === undefined)
        .sort((one, other) => one.sequence - other.sequence),
    purge(group) {
      for (const [name, each] of groups) {
        if (group === undefined || group === name) each.start('latest');
      }
      if (group === undefined) for (const { history } of shards) history.trim(history.end);
    },
    expireLeases() {
      for (const group of groups.values()) group.stealAll();
    },
    lanes: () => shards.filter(({ closed }) => !closed).map(({ id }) => id),
    split(lane) {
      const parent = shards.find(({ id, closed }) => id === lane && !closed);
      if (parent === undefined) {
        throw new IntermodalError('not-found', `there is no open shard '${lane}'`, place(name));
      }
      parent.closed = true;
      const middle = Math.floor((parent.from + parent.to) / 2);
      const children = [addShard(parent.from, middle, parent), addShard(middle, parent.to, parent)];
      for (const group of groups.values()) group.onSplit();
      return children;
    },
  };
}

/** FNV-1a, mixed once more: ranges look at the high bits, which it leaves alike for similar keys. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
