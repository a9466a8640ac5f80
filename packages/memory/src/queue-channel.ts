import { type Clock, IntermodalError, type StartPosition } from '@intermodal/core/driver';
import type { ChannelStore, EntryState } from './channel-store.ts';
import { place } from './connection.ts';
import type { FaultState } from './faults.ts';
import { createHistory, isFrom } from './history.ts';
import { store, type Stored } from './message.ts';
import { createQueue, type Entry, type Queue } from './queue.ts';
import { openQueueReceiver } from './queue-receiver.ts';

interface Group {
  readonly queue: Queue;
  /** A receiver was opened: from now on the group has a place of its own. */
  started: boolean;
}

export interface ChannelOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly faults: FaultState;
  /** Messages kept for groups to come. */
  readonly retain: number;
  readonly nextSequence: () => number;
}

export function createQueueChannel(options: ChannelOptions): ChannelStore {
  const { name, clock, faults, retain } = options;
  const groups = new Map<string, Group>();
  const history = createHistory();

  function groupNamed(group: string): Group {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const made: Group = { queue: createQueue(clock), started: false };
    groups.set(group, made);
    return made;
  }

  /** What the group has and what the channel remembers, as far as `from` asks for it. */
  function start({ queue }: Group, from: StartPosition): void {
    const wanted = isFrom(from);
    const bySequence = new Map<number, Stored>();
    for (const { stored } of queue.entries()) bySequence.set(stored.sequence, stored);
    for (const stored of history.all()) bySequence.set(stored.sequence, stored);
    queue.purge();
    const messages = [...bySequence.values()].sort((one, other) => one.sequence - other.sequence);
    for (const stored of messages) if (wanted(stored)) queue.add(stored);
  }

  function stateOf(entry: Entry): EntryState {
    if (entry.holder !== undefined) return 'in-flight';
    return entry.visibleAt > 0 ? 'delayed' : 'ready';
  }

  return {
    mode: 'queue',
    lanes: () => [],
    hasGroup: (group) => groups.has(group),
    addGroup(group, from) {
      if (groups.has(group)) return;
      const made = groupNamed(group);
      if (from !== undefined) start(made, from);
    },
    removeGroup: (group) => groups.delete(group),
    append(payload, only) {
      const stored = store(payload, options.nextSequence(), clock.now(), only);
      if (only !== undefined) {
        groups.get(only)?.queue.add(stored);
        return stored;
      }
      history.push(stored);
      if (history.end - history.start > 2 * retain) history.trim(history.end - retain);
      for (const { queue } of groups.values()) queue.add(stored);
      return stored;
    },
    wake() {
      for (const { queue } of groups.values()) queue.wake();
    },
    openReceiver(request) {
      const group = groupNamed(request.group);
      const { from } = request.options;
      if (from !== undefined && !group.started) start(group, from);
      group.started = true;
      return openQueueReceiver(group.queue, request, faults);
    },
    unsettled(group) {
      const queue = groups.get(group)?.queue;
      queue?.tick();
      return (queue?.entries() ?? []).map((entry) => ({
        stored: entry.stored,
        state: stateOf(entry),
        attempts: entry.attempts,
      }));
    },
    published: () => history.all(),
    purge(group) {
      if (group === undefined) history.trim(history.end);
      for (const [name, { queue }] of groups)
        if (group === undefined || group === name) queue.purge();
    },
    expireLeases() {
      for (const { queue } of groups.values()) {
        for (const entry of queue.entries())
          if (entry.holder !== undefined) queue.giveBack(entry, 0, 'counted');
      }
    },
    split() {
      throw new IntermodalError(
        'unsupported',
        `'${name}' is queues: only a log has shards`,
        place(name),
      );
    },
  };
}
