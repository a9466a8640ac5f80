import type { Receiver, ReceiverOptions, StartPosition } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import type { Payload, Stored } from './message.ts';
import type { Settings } from './options.ts';

export type EntryState = 'ready' | 'delayed' | 'in-flight';

/** An unsettled message of one group. */
export interface GroupEntry {
  readonly stored: Stored;
  readonly state: EntryState;
  /** Times that it was given out; undefined where nobody counts. */
  readonly attempts: number | undefined;
}

export interface OpenReceiver {
  readonly group: string;
  readonly options: ReceiverOptions;
  readonly settings: Settings;
  /** Makes the receiver's connection, given what gives back all that it holds. */
  readonly connect: (onEnd: () => void) => Connection;
}

/** One channel on the broker: as queues, one for each group, or as a log that the groups read. */
export interface ChannelStore {
  readonly mode: 'queue' | 'log';
  /** Shards, in the order in which they came; none in queue mode. */
  lanes(): readonly string[];
  hasGroup(group: string): boolean;
  /** A new group starts `from` there, or from now on; one that exists is left as it is. */
  addGroup(group: string, from?: StartPosition): void;
  removeGroup(group: string): void;
  /** For all groups, or `only` for one. Nobody hears of it before `wake`. */
  append(payload: Payload, only: string | undefined): Stored;
  /** Lets waiting receives take. */
  wake(): void;
  openReceiver(request: OpenReceiver): Receiver;
  unsettled(group: string): readonly GroupEntry[];
  published(): readonly Stored[];
  /** Drops what `group`, or every group, has not been given. */
  purge(group: string | undefined): void;
  expireLeases(): void;
  /** Logs only: closes a shard for two new ones. */
  split(lane: string): readonly string[];
}
