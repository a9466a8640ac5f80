import {
  type Clock,
  type Address,
  IntermodalError,
  type WireMessage,
} from '@intermodal/core/driver';
import { systemClock } from '@intermodal/core';
import type { ChannelStore, EntryState } from './channel-store.ts';
import { type Connection, place } from './connection.ts';
import { createFaults, type FaultState, type MemoryFaults, unavailable } from './faults.ts';
import { createLogChannel } from './log/log-channel.ts';
import { copyMessage } from './message.ts';
import { type Settings, wholeNumber } from './options.ts';
import { createQueueChannel } from './queue-channel.ts';

export interface MemoryBrokerOptions {
  /** Of leases, delays and lives; give the client the same. @defaultValue `systemClock` */
  readonly clock?: Clock;
  /** Messages that a channel keeps for groups to come, at least. @defaultValue 10,000 */
  readonly retain?: number;
}

/** A message that a group has not settled. */
export interface MemoryEntry {
  readonly message: WireMessage;
  readonly state: EntryState;
  /** Times that it was given out; undefined in log mode. */
  readonly attempts: number | undefined;
  readonly position: string;
}

/** Messages of one process, and what a test may see of them and do to them. */
export interface MemoryBroker {
  readonly faults: MemoryFaults;
  /** What was published to a channel, oldest first, as far as it is retained. */
  published(channel: string): readonly WireMessage[];
  /** What a group has not settled, oldest first. @defaultValue `group` the channel's name, `role` main */
  unsettled(
    channel: string,
    options?: { readonly group?: string; readonly role?: Address['role'] },
  ): readonly MemoryEntry[];
  /** Shards of a log, closed ones included. */
  lanes(channel: string): readonly string[];
  /** Closes a shard; the two that take over its keys are read once it has been read to its end. */
  split(channel: string, lane: string): readonly string[];
}

/** Where an address leads: dead letters are a channel of their own, which its group reads. */
export interface Target {
  readonly name: string;
  /** The one group that a sender means. */
  readonly only: string | undefined;
  /** The group that must exist for it. */
  readonly group: string | undefined;
}

/** What the transports of a broker share. */
export interface BrokerState {
  readonly clock: Clock;
  readonly faults: FaultState;
  readonly channels: Map<string, ChannelStore>;
  readonly connections: Set<Connection>;
  /** Positions of messages with a dedupe id, oldest first. */
  readonly repeats: Map<string, { readonly position: string; readonly until: number }>;
  /** As a log where `shards` is not 0. @throws `mismatch` where it exists as the other kind */
  find(name: string, shards: number): ChannelStore | undefined;
  /** As `find`, but makes it if need be. */
  ensure(name: string, shards: number): ChannelStore;
}

// Outside of the broker's public face, so that an application sees only what tests need.
const states = new WeakMap<MemoryBroker, BrokerState>();

/** A broker to be shared by several transports, each as if in a process of its own. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const { clock = systemClock } = options;
  const retain = wholeNumber('retain', options.retain ?? 10_000);
  const faults = createFaults();
  const channels = new Map<string, ChannelStore>();
  const connections = new Set<Connection>();
  let sequence = 0;
  const nextSequence = (): number => {
    sequence += 1;
    return sequence;
  };

  function find(name: string, shards: number): ChannelStore | undefined {
    const known = channels.get(name);
    const mode = shards > 0 ? 'log' : 'queue';
    if (known === undefined || known.mode === mode) return known;
    const text = `'${name}' exists as a ${known.mode}, not as a ${mode}: use the same kind of transport`;
    throw new IntermodalError('mismatch', text, place(name));
  }

  function ensure(name: string, shards: number): ChannelStore {
    const known = find(name, shards);
    if (known !== undefined) return known;
    const shared = { name, clock, faults, retain, nextSequence };
    const made = shards > 0 ? createLogChannel(shared, shards) : createQueueChannel(shared);
    channels.set(name, made);
    return made;
  }

  function channelNamed(name: string): ChannelStore {
    const found = channels.get(name);
    if (found === undefined)
      throw new IntermodalError('not-found', `there is no channel '${name}'`, place(name));
    return found;
  }

  function wakeAll(): void {
    for (const channel of channels.values()) channel.wake();
  }

  function cut(
    error: IntermodalError = unavailable('the connection was cut: open it again'),
  ): void {
    // What one connection gives back must not reach another that is about to be cut as well.
    const release = faults.hold('receives');
    for (const connection of [...connections]) connection.end(error);
    release();
  }

  faults.receives.waits.add(wakeAll);
  const broker: MemoryBroker = {
    faults: {
      failSends: faults.failSends,
      hold: faults.hold,
      refuseConnections: faults.refuseConnections,
      duplicate: faults.duplicate,
      cut,
      restart() {
        cut(unavailable('the broker restarted: open the connection again'));
        for (const channel of channels.values()) channel.purge(undefined);
      },
      expireLeases() {
        for (const channel of channels.values()) channel.expireLeases();
        wakeAll();
      },
    },
    published: (channel) =>
      channelNamed(channel)
        .published()
        .map(({ message }) => copyMessage(message)),
    unsettled(channel, { group = channel, role = 'main' } = {}) {
      return channelNamed(resolve({ channel, group, role }).name)
        .unsettled(group)
        .map((entry) => ({
          message: copyMessage(entry.stored.message),
          state: entry.state,
          attempts: entry.attempts,
          position: String(entry.stored.sequence),
        }));
    },
    lanes: (channel) => channelNamed(channel).lanes(),
    split: (channel, lane) => channelNamed(channel).split(lane),
  };
  states.set(broker, { clock, faults, channels, connections, repeats: new Map(), find, ensure });
  return broker;
}

/** @throws `invalid-argument` for a broker from elsewhere */
export function stateOf(broker: MemoryBroker): BrokerState {
  const state = states.get(broker);
  if (state !== undefined) return state;
  throw new IntermodalError(
    'invalid-argument',
    'broker must come from createMemoryBroker of this copy of the package',
  );
}

export function resolve({ channel, group, role, native }: Address): Target {
  if (role === 'main') return { name: native ?? channel, only: group, group };
  const reader = group ?? channel;
  return { name: native ?? `${channel}/${reader}/dead-letter`, only: undefined, group: reader };
}

/** The channel, with the group that is meant. @throws `not-found`, `mismatch` */
export function channelFor(broker: BrokerState, target: Target, settings: Settings): ChannelStore {
  const { name, group } = target;
  const known = broker.find(name, settings.shards);
  if (known !== undefined && (group === undefined || known.hasGroup(group))) return known;
  if (!settings.autoCreate) {
    const what =
      known === undefined ? `channel '${name}'` : `group '${group}' of channel '${name}'`;
    throw new IntermodalError(
      'not-found',
      `there is no ${what}: provision it, or set autoCreate`,
      place(name),
    );
  }
  const made = broker.ensure(name, settings.shards);
  if (group !== undefined) made.addGroup(group, 'earliest');
  return made;
}
