import { IntermodalError, type WireMessage } from '@intermodal/core/driver';
import type { ChannelStore, GroupEntry } from '../channel-store.ts';
import { place } from '../connection.ts';
import { createHistory, type History } from '../history.ts';
import { store, type Stored } from '../message.ts';
import type { ChannelOptions } from '../queue-channel.ts';
import { createLogGroup, type LogGroup } from './log-group.ts';
import { openLogReceiver } from './log-receiver.ts';

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

export function createLogChannel(options: ChannelOptions, shardCount: number): ChannelStore {
  const { name, clock, faults, retain } = options;
  const shards: Shard[] = [];
  const groups = new Map<string, LogGroup>();
  for (let index = 0; index < shardCount; index += 1) {
    const width = hashes / shardCount;
    addShard(Math.floor(index * width), Math.floor((index + 1) * width), undefined);
  }

  function addShard(from: number, to: number, parent: Shard | undefined): Shard {
    const shard = {
      id: `shard-${shards.length}`,
      from,
      to,
      history: createHistory(),
      parent,
      closed: false,
    };
    shards.push(shard);
    return shard;
  }

  function shardFor({ key, id }: WireMessage): Shard {
    const hashed = hash(key ?? id);
    return shards.find(({ closed, from, to }) => !closed && from <= hashed && hashed < to) as Shard;
  }

  function groupNamed(group: string): LogGroup {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const made = createLogGroup(group, shards);
    groups.set(group, made);
    return made;
  }

  /** Beyond what is retained, but never what a group has still to read. */
  function trim(shard: Shard): void {
    let floor = shard.history.end - retain;
    for (const group of groups.values()) floor = Math.min(floor, group.floor(shard));
    shard.history.trim(floor);
  }

  function published(): Stored[] {
    const all = shards.flatMap(({ history }) => history.all());
    return all
      .filter(({ only }) => only === undefined)
      .sort((one, other) => one.sequence - other.sequence);
  }

  return {
    mode: 'log',
    lanes: () => shards.map(({ id }) => id),
    hasGroup: (group) => groups.has(group),
    addGroup(group, from) {
      if (groups.has(group)) return;
      const made = groupNamed(group);
      if (from !== undefined) made.start(from);
    },
    removeGroup: (group) => groups.delete(group),
    append(payload, only) {
      const shard = shardFor(payload.message);
      const stored = store(payload, options.nextSequence(), clock.now(), only);
      shard.history.push(stored);
      if (shard.history.end - shard.history.start > 2 * retain) trim(shard);
      return stored;
    },
    wake() {
      for (const group of groups.values()) group.wake();
    },
    openReceiver(request) {
      const group = groupNamed(request.group);
      const { from } = request.options;
      if (from !== undefined && !group.started) group.start(from);
      return openLogReceiver(group, request, clock, faults);
    },
    unsettled: (group): readonly GroupEntry[] => groups.get(group)?.unsettled() ?? [],
    published,
    purge(group) {
      for (const each of group === undefined ? groups.values() : [groupNamed(group)])
        each.start('latest');
      if (group === undefined) for (const { history } of shards) history.trim(history.end);
    },
    expireLeases() {
      for (const group of groups.values()) group.stealAll();
    },
    split(lane) {
      const parent = shards.find(({ id }) => id === lane);
      if (parent === undefined || parent.closed) {
        throw new IntermodalError(
          'not-found',
          `'${name}' has no open shard '${lane}'`,
          place(name),
        );
      }
      parent.closed = true;
      const middle = Math.floor((parent.from + parent.to) / 2);
      const children = [addShard(parent.from, middle, parent), addShard(middle, parent.to, parent)];
      for (const group of groups.values()) group.onSplit();
      return children.map(({ id }) => id);
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
