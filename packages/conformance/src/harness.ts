import type { Clock, Transport } from '@intermodal/core';

/** What the tests of one transport give to the suite. */
export interface Harness {
  /** The transport and its mode, `sqs-fifo` for instance; unique among the harnesses of one run. */
  readonly name: string;
  /** What it runs against, with the version where that is known: `fauxqs 2.4.1`. */
  readonly broker: string;
  /**
   * Called once for each case, and cheap: the broker itself may run for the whole suite, since every case uses channel
   * names of its own.
   */
  open(): Promise<Broker> | Broker;
  readonly times?: Partial<Times>;
  readonly limits?: Limits;
}

/** The broker as one case sees it. */
export interface Broker {
  /** A new transport to this broker, as another process would make it. The suite closes it. */
  transport(): Transport;
  readonly faults?: Faults;
  /** Where the transport lives by a clock that tests move; the suite then moves it, and no case waits in real time. */
  readonly time?: VirtualTime;
  /** How a process of its own makes such a transport; absent for what lives inside one process. */
  readonly program?: Program;
  /** Called when the case is over. */
  close?(): Promise<void> | void;
}

export interface VirtualTime {
  readonly clock: Clock;
  /** Moves the clock; timers that are due run in their order. */
  advance(ms: number): Promise<void> | void;
}

/** Lets the suite start publishers and consumers that it can kill. */
export interface Program {
  /** URL of a module that Node runs as it is; it exports `transport(argument: string): Transport`. */
  readonly module: string;
  readonly argument: string;
}

/** Milliseconds; short enough for a test, long enough for the broker. */
export interface Times {
  /** Lease that consumers ask for, where the transport has leases. @defaultValue 1,000 */
  readonly leaseMs: number;
  /** A delay that the broker can keep; SQS counts in seconds. @defaultValue 1,000 */
  readonly delayMs: number;
  /** How long nothing may happen before it is believed that nothing will. @defaultValue 300 */
  readonly quietMs: number;
  /** Longest wait for anything that must happen. @defaultValue 15,000 */
  readonly withinMs: number;
  /** Real time in which a whole case must end, whatever the clock. @defaultValue 120,000 */
  readonly caseMs: number;
}

/** What the transport documents; a case about a limit that is left out does not run. */
export interface Limits {
  /** Largest message in bytes as the broker counts it, headers included; left out where there is none. */
  readonly messageBytes?: number;
  /** Headers of one message that must be carried, packed or not. @defaultValue 100 */
  readonly headers?: number;
  /** `created`: a channel comes into being when it is used, so that none is ever missing. @defaultValue `not-found` */
  readonly missingChannel?: 'not-found' | 'created';
}

/**
 * What the harness can do to the broker. All are optional: a case that needs a fault that is not here is reported as
 * `not-run`. Counts are of entries on their way to any channel, from the call on.
 */
export interface Faults {
  /** Breaks every connection in the middle of whatever is under way; new ones work. */
  cut?(): Promise<void> | void;
  /** Kills the broker and starts it again with what it had stored. Resolves when it answers. */
  restart?(): Promise<void>;
  /** The broker stops answering: connections stay open and nothing goes through until the returned function is called. */
  freeze?(): Promise<Undo> | Undo;
  /** Connections that exist now stay open and silent for ever; new ones work. */
  blackhole?(): Promise<void> | void;
  /** The next `count` entries are refused with an error worth another try; the rest of their batches is stored. */
  failEntries?(count: number): Promise<void> | void;
  /** The next `count` entries are refused for good: a nack, a return, an entry that is the sender's fault. */
  refuseEntries?(count: number): Promise<void> | void;
  /** The next `count` entries are stored, and no answer says so. */
  loseReplies?(count: number): Promise<void> | void;
  /** The next `count` settlements are not carried out, and the driver is told so. */
  failSettlements?(count: number): Promise<void> | void;
  /** Sends are refused as throttled until the returned function is called; it tells how many were. */
  throttle?(): Promise<() => number> | (() => number);
  /** The broker takes every delivery and lane back, as if its lease had ended; connections stay. */
  expireLeases?(): Promise<void> | void;
  /** Whoever opens a sender or receiver from now on is told `permission-denied`. */
  deny?(): Promise<void> | void;
  /** Logs: the lanes of the channel end, and other ones go on in their place, by split or merge. */
  reshard?(channel: string): Promise<void> | void;
}

export type Undo = () => Promise<void> | void;

export type FaultName = keyof Faults;

export const defaultTimes: Times = {
  leaseMs: 1_000,
  delayMs: 1_000,
  quietMs: 300,
  withinMs: 15_000,
  caseMs: 120_000,
};
