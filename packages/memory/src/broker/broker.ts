import { systemClock } from '@intermodal/core';
import {
  type Address,
  type Clock,
  IntermodalError,
  type StartPosition,
  type WireMessage,
} from '@intermodal/core/driver';
import { copyMessage } from '../message.ts';
import { wholeNumber } from '../options.ts';
import type { BrokerChannel, ChannelOptions, EntryState } from './channel.ts';
import { type Connection, place } from './connection.ts';
import { createFaults, type FaultState, type MemoryFaults, unavailable } from './faults.ts';
import { createLogChannel } from './log-channel.ts';
import { createQueueChannel } from './queue-channel.ts';

/** What all transports of a broker share. */
export interface MemoryBrokerOptions {
  /** Of leases, delays and lives; give clients the same. @defaultValue `systemClock` */
  readonly clock?: Clock;
  /** Messages that a channel keeps for groups to come, at least. @defaultValue 1,000 */
  readonly retain?: number;
  /**
   * Whether a group is given what is published to a channel, as subscriptions of brokers filter; what is sent to one
   * group alone, and dead letters, are not asked about. Only for queues. @defaultValue all groups are given everything
   */
  readonly accepts?: (channel: string, group: string, message: WireMessage) => boolean;
}

/** A message that a group has not settled. */
export interface MemoryEntry {
  /** A copy. */
  readonly message: WireMessage;
  readonly state: EntryState;
  /** Times that it was given out; undefined in log mode. */
  readonly attempts: number | undefined;
  /** As the delivery's. */
  readonly position: string;
}

/** Messages of one process, and what a test may see of them and do to them. */
export interface MemoryBroker {
  /** What can be made to go wrong. */
  readonly faults: MemoryFaults;
  /** What was published to a channel, oldest first, as far as it is retained. */
  published(channel: string): WireMessage[];
  /** What a group has not settled, oldest first. @defaultValue `group` the channel's name */
  unsettled(channel: string, group?: string): MemoryEntry[];
  /** Dead letters of a group, oldest first. @defaultValue `group` the channel's name */
  deadLetters(channel: string, group?: string): MemoryEntry[];
  /** Shards of a log that take messages. */
  lanes(channel: string): string[];
  /** Closes a shard; the two that take over its keys are begun once it has been read to its end. */
  split(channel: string, lane: string): string[];
}

/** Where an address leads: dead letters are a channel of their own, which its group reads. */
export interface Target {
  readonly name: string;
  /** 0 for queues. */
  readonly shards: number;
  /** The group that must exist. */
  readonly group: string | undefined;
  /** The one group that a sender means. */
  readonly only: string | undefined;
}

/** What the transports of a broker share. */
export interface BrokerState {
  readonly clock: Clock;
  readonly faults: FaultState;
  readonly channels: Map<string, BrokerChannel>;
  readonly connections: Set<Connection>;
  /** Positions of messages with a dedupe id, oldest first. */
  readonly repeats: Map<string, { readonly position: string; readonly until: number }>;
  /** @throws `not-found`, `mismatch` */
  find(target: Target): BrokerChannel;
  /** Channel and group, made where they are missing; a new group starts `from` there, or from now on. */
  make(target: Target, from?: StartPosition): BrokerChannel;
}

// Outside of the broker's public face, so that an application sees only what tests need.
const states = new WeakMap<MemoryBroker, BrokerState>();

/** A broker to be shared by several transports, each as if in a process of its own. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const { clock = systemClock } = options;
  const retain = wholeNumber('retain', options.retain ?? 1_000);
  const faults = createFaults();
  const channels = new Map<string, BrokerChannel>();
  const connections = new Set<Connection>();
  let sequence = 0;
  const nextSequence = (): number => {
    sequence += 1;
    return sequence;
  };

  /** @throws `mismatch` */
  function known({ name, shards }: Target): BrokerChannel | undefined {
    const found = channels.get(name);
    if (found === undefined || (found.mode === 'log') === shards > 0) return found;
    const text = `'${name}' is a ${found.mode}: use a memoryTransport of the same mode`;
    throw new IntermodalError('mismatch', text, place(name));
  }

  function find(target: Target): BrokerChannel {
    const { name, group } = target;
    const found = known(target);
    if (found !== undefined && (group === undefined || found.hasGroup(group))) return found;
    const what = found === undefined ? `channel '${name}'` : `group '${group}' of '${name}'`;
    const text = `there is no ${what}: provision it, or set autoCreate`;
    throw new IntermodalError('not-found', text, place(name));
  }

  function make(target: Target, from?: StartPosition): BrokerChannel {
    const { name, shards, group } = target;
    let channel = known(target);
    if (channel === undefined) {
      const shared = { name, clock, retain, nextSequence, accepts: acceptsFor(target) };
      channel = shards > 0 ? createLogChannel(shared, shards) : createQueueChannel(shared);
      channels.set(name, channel);
    }
    if (group !== undefined) channel.addGroup(group, from);
    return channel;
  }

  /** @throws `unsupported` */
  function acceptsFor({ name, shards }: Target): ChannelOptions['accepts'] {
    const { accepts } = options;
    if (accepts === undefined || isDeadLetters(name)) return undefined;
    if (shards === 0) return (group, message) => accepts(name, group, copyMessage(message));
    const text = `'${name}' is a log, which all of its groups read whole: leave out accepts`;
    throw new IntermodalError('unsupported', text, place(name));
  }

  /** Whatever its mode. @throws `not-found` */
  function named(name: string, group?: string): BrokerChannel {
    const shards = channels.get(name)?.mode === 'log' ? 1 : 0;
    return find({ name, shards, group, only: undefined });
  }

  function logNamed(name: string): BrokerChannel & { readonly mode: 'log' } {
    const found = named(name);
    if (found.mode === 'log') return found;
    throw new IntermodalError('unsupported', `'${name}' is a queue and has no shards`, place(name));
  }

  function entriesOf(channel: BrokerChannel | undefined, group: string): MemoryEntry[] {
    const unsettled = channel?.unsettled(group) ?? [];
    return unsettled.map(({ stored, state, attempts }) => ({
      message: copyMessage(stored.message),
      state,
      attempts,
      position: String(stored.sequence),
    }));
  }

  function wakeAll(): void {
    for (const channel of channels.values()) channel.wake();
  }

  function cut(error = unavailable('the connection was cut: open it again')): void {
    // What one connection gives back must not reach another that is about to be cut as well.
    const release = faults.hold('receives');
    for (const connection of connections) connection.end(error);
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
      named(channel)
        .published()
        .map(({ message }) => copyMessage(message)),
    unsettled: (channel, group = channel) => entriesOf(named(channel, group), group),
    deadLetters(channel, group = channel) {
      named(channel, group);
      return entriesOf(channels.get(deadLettersOf(channel, group)), group);
    },
    lanes: (channel) => logNamed(channel).lanes(),
    split: (channel, lane) => logNamed(channel).split(lane),
  };
  states.set(broker, { clock, faults, channels, connections, repeats: new Map(), find, make });
  return broker;
}

/** @throws `invalid-argument` for a broker from elsewhere */
export function stateOf(broker: MemoryBroker): BrokerState {
  const state = states.get(broker);
  if (state !== undefined) return state;
  const text = 'broker must come from createMemoryBroker of this copy of the package';
  throw new IntermodalError('invalid-argument', text, { transport: 'memory' });
}

export function targetOf(address: Address, shards: number): Target {
  const { channel, group, role, native } = address;
  if (role === 'main') return { name: native ?? channel, shards, group, only: group };
  const reader = group ?? channel;
  // Queues even beside a log: dead letters are settled one by one.
  return {
    name: native ?? deadLettersOf(channel, reader),
    shards: 0,
    group: reader,
    only: undefined,
  };
}

/** Cannot be the name of a channel, which has no slash. */
function deadLettersOf(channel: string, group: string): string {
  return `${channel}/${group}/dead-letter`;
}

function isDeadLetters(name: string): boolean {
  return name.endsWith('/dead-letter');
}
