import type { Clock, StartPosition, WireMessage } from '@intermodal/core/driver';
import type { Payload, Stored } from '../message.ts';
import type { LogGroup } from './log-group.ts';
import type { Queue } from './queue.ts';

/** `ready` includes what waits behind another message of its key. */
export type EntryState = 'ready' | 'delayed' | 'in-flight';

/** An unsettled message of one group. */
export interface GroupEntry {
  readonly stored: Stored;
  readonly state: EntryState;
  /** Times that it was given out; undefined where nobody counts. */
  readonly attempts: number | undefined;
}

interface ChannelBase {
  hasGroup(group: string): boolean;
  /** A new group starts `from` there, or from now on; one that exists is left as it is. */
  addGroup(group: string, from?: StartPosition): void;
  removeGroup(group: string): void;
  /** For all groups, or `only` for one. Nobody hears of it before `wake`. */
  append(payload: Payload, only: string | undefined): Stored;
  /** Lets waiting receives take. */
  wake(): void;
  /** Oldest first. */
  unsettled(group: string): GroupEntry[];
  /** What is retained of what went to all groups, oldest first. */
  published(): readonly Stored[];
  /** Drops what `group`, or every group, has not been given. */
  purge(group: string | undefined): void;
  expireLeases(): void;
}

/** Every group has a queue of its own. */
export interface QueueChannel extends ChannelBase {
  readonly mode: 'queue';
  /** For a receiver: from now on the group has a place, and `from` means nothing. */
  open(group: string, from: StartPosition | undefined): Queue;
}

/** The groups read one log, each from its own place. */
export interface LogChannel extends ChannelBase {
  readonly mode: 'log';
  open(group: string, from: StartPosition | undefined): LogGroup;
  /** Ids of the shards that take messages. */
  lanes(): string[];
  /** Closes a shard for two new ones. */
  split(lane: string): string[];
}

export type BrokerChannel = QueueChannel | LogChannel;

export interface ChannelOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Messages kept for groups to come. */
  readonly retain: number;
  readonly nextSequence: () => number;
  /** Whether a group is given what is published to all; undefined where every one is. */
  readonly accepts?: ((group: string, message: WireMessage) => boolean) | undefined;
}
