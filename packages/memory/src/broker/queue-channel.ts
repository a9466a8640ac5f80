import type { StartPosition } from '@intermodal/core/driver';
import { store, type Stored } from '../message.ts';
import type { ChannelOptions, EntryState, QueueChannel } from './channel.ts';
import { createHistory, isFrom } from './history.ts';
import { createQueue, type Entry, type Queue } from './queue.ts';

interface Group {
  readonly queue: Queue;
  /** Had a receiver, and so has a place of its own. */
  started: boolean;
}

export function createQueueChannel({
  clock,
  retain,
  nextSequence,
  accepts = () => true,
}: ChannelOptions): QueueChannel {
  const groups = new Map<string, Group>();
  const history = createHistory();

  function addGroup(name: string, from?: StartPosition): Group {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { queue: createQueue(clock), started: false };
    groups.set(name, group);
    if (from !== undefined) fill(name, group.queue, from);
    return group;
  }

  /** With what the channel remembers and the queue has, as far as `from` asks for it. */
  function fill(name: string, queue: Queue, from: StartPosition): void {
    const wanted = isFrom(from);
    const all = new Set<Stored>(history.all().filter(({ message }) => accepts(name, message)));
    for (const { stored } of queue.entries()) all.add(stored);
    queue.purge();
    for (const stored of [...all].sort(bySequence)) if (wanted(stored)) queue.add(stored);
  }

  return {
    mode: 'queue',
    hasGroup: (group) => groups.has(group),
    addGroup,
    removeGroup: (group) => groups.delete(group),
    open(name, from) {
      const group = addGroup(name);
      if (from !== undefined && !group.started) fill(name, group.queue, from);
      group.started = true;
      return group.queue;
    },
    append(payload, only) {
      const now = clock.now();
      const stored = store(payload, nextSequence(), now, only);
      if (only !== undefined) {
        groups.get(only)?.queue.add(stored, now);
        return stored;
      }
      history.push(stored);
      if (history.size > 2 * retain) history.trim(history.end - retain);
      for (const [name, { queue }] of groups)
        if (accepts(name, stored.message)) queue.add(stored, now);
      return stored;
    },
    wake() {
      for (const { queue } of groups.values()) queue.wake();
    },
    unsettled(group) {
      const queue = groups.get(group)?.queue;
      queue?.tick();
      const entries = queue?.entries() ?? [];
      return entries.map((entry) => ({
        stored: entry.stored,
        state: stateOf(entry),
        attempts: entry.attempts,
      }));
    },
    published: () => history.all(),
    purge(group) {
      if (group === undefined) history.trim(history.end);
      for (const [name, { queue }] of groups) {
        if (group === undefined || group === name) queue.purge();
      }
    },
    expireLeases() {
      for (const { queue } of groups.values()) {
        for (const entry of queue.entries()) {
          if (entry.lease !== undefined) queue.giveBack(entry, 0, 'counted');
        }
      }
    },
  };
}

function stateOf(entry: Entry): EntryState {
  if (entry.lease !== undefined) return 'in-flight';
  return entry.visibleAt > 0 ? 'delayed' : 'ready';
}

function bySequence(one: Stored, other: Stored): number {
  return one.sequence - other.sequence;
}
