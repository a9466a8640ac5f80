/**
 * The driver interface, version 1: what a transport implements. A driver does not retry, batch over
 * calls, validate, log, reconnect or count attempts; core does each of these once.
 */
import type { Capabilities } from './capabilities.ts';
import type { Clock } from './clock.ts';
import type { IntermodalError } from './error.ts';

export type { Capabilities } from './capabilities.ts';
export { type Clock, systemClock } from './clock.ts';
export { bodyBytes, bodyText } from './codec.ts';
export { copyBytes } from './copy-bytes.ts';
export { type ErrorCode, IntermodalError } from './error.ts';

/** Where a channel lives on a broker. `native` (URL, ARN, queue name) wins over the naming rule. */
export interface Address {
  readonly channel: string;
  /**
   * For a receiver, the group it belongs to. For a sender, only that group's own copy is meant: dead letters are
   * kept by group, and a redrive must not reach the other groups. Left out, a sender means the whole channel.
   */
  readonly group?: string;
  readonly role: 'main' | 'dead-letter';
  readonly native?: string;
}

/** A message between core and driver: encoded, but not yet in the broker's own form. */
export interface WireMessage {
  readonly id: string;
  readonly channel: string;
  readonly key?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly publishedAt?: number | undefined;
  /** The user's headers and core's own (`imreason`, …), without what has a field here. */
  readonly headers: ReadonlyMap<string, string>;
  readonly contentType?: string | undefined;
  /** A string is known text (SQS body, STOMP text, AMQP 1.0 value); bytes are anything. */
  readonly body: string | Uint8Array;
  readonly delayMs?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly priority?: number | undefined;
  readonly dedupeId?: string | undefined;
}

/** A message in the broker's own form, made once, so that batches are sized by what really goes on the wire. */
export interface Prepared {
  readonly bytes: number;
  /** What must stay in order on this broker: FIFO group, partition key, routing key. */
  readonly lane: string | undefined;
  readonly payload: unknown;
}

export interface SendLimits {
  readonly maxBatchCount: number;
  readonly maxBatchBytes: number;
  /** Calls of `send` that may be under way at once. */
  readonly maxInFlight: number;
  /**
   * `independent`: a later entry of a batch may succeed where an earlier one failed. Either way core has one batch of a
   * lane under way at a time, so that calls at once need no order among them.
   */
  readonly entries: 'ordered' | 'independent';
  /**
   * How long a batch that is not full may wait for company while another call is under way, in milliseconds. 0 where a
   * batch saves nothing (a pipelined protocol). A lone message never waits.
   */
  readonly lingerMs: number;
}

export type SendOutcome =
  | { readonly ok: true; readonly brokerId?: string; readonly position?: string }
  | {
      readonly ok: false;
      /** `unknown`: it may have arrived. Core sends it again with the same id, or says `unknown-outcome`. */
      readonly certainty: 'rejected' | 'unknown';
      readonly error: IntermodalError;
      readonly retryAfterMs?: number;
    };

/** One connection's life. When the connection dies, `dead` settles, everything pending answers `unknown`, and it stays dead. */
export interface Sender {
  readonly limits: SendLimits;
  /** Resolves when the connection is gone: with the error, or with nothing after `close`. Never rejects. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** Pure. Throws `too-large` or `invalid-message`; nothing has been sent then. */
  prepare(message: WireMessage): Prepared;
  /** One outcome per entry, in order; never throws for a message. `signal` is core's bound, not one caller's. */
  send(batch: readonly Prepared[], signal: AbortSignal): Promise<readonly SendOutcome[]>;
  close(): Promise<void>;
}

/** Opaque to core. It belongs to the receiver that made it and dies with it. */
export interface Token {
  readonly value: unknown;
}

export interface WireDelivery {
  readonly token: Token;
  readonly message: WireMessage;
  /** Shard, FIFO group, message group; undefined where nothing is ordered. */
  readonly lane: string | undefined;
  /** 1 for the first; undefined where the broker does not count. */
  readonly attempt: number | undefined;
  readonly redelivered: boolean | undefined;
  /** On the clock in `ReceiverOptions`; undefined where the delivery is ours until the connection ends. */
  readonly leaseUntil: number | undefined;
  /** Where a log can be read again from. */
  readonly position: string | undefined;
  /** Set when the message could not be understood; core rejects it alone. */
  readonly undecodable?: IntermodalError;
  readonly native: unknown;
}

export type Settlement =
  | { readonly token: Token; readonly action: 'ack' }
  | {
      readonly token: Token;
      readonly action: 'retry';
      readonly delayMs: number;
      readonly attempt: number;
    }
  /** Unprocessed: give it back, not counted as a failure. */
  | { readonly token: Token; readonly action: 'release' }
  /** Only from a receiver with `prepareDeadLetter`: send the dead letter and ack in one transaction. */
  | {
      readonly token: Token;
      readonly action: 'reject';
      readonly reason: string;
      readonly deadLetter: Prepared;
    };

/** `lost`: the broker has taken the delivery back, and may have given it to someone else. */
export type SettleOutcome = 'done' | 'lost' | { readonly failed: IntermodalError };

export type StartPosition = 'earliest' | 'latest' | Date | { readonly position: string };

export interface ReceiverOptions {
  readonly prefetch: number;
  /** Wanted lease; the driver's default where undefined. */
  readonly leaseMs?: number | undefined;
  /**
   * Where a group without a place of its own starts; only with `replay`. A group that was provisioned and has never been
   * consumed has none.
   */
  readonly from?: StartPosition | undefined;
  readonly clock: Clock;
  /**
   * A lane is being taken (`revoking`), is gone (`lost`), or has no more messages (`ended`). The promise resolves once
   * nothing of the lane is being handled and its last checkpoint was written; for `lost` at once, since nothing can be
   * awaited or written any more. Not before core can have seen the lane's last batch: a lane that moves while a
   * `receive` has just resolved would otherwise be let go with deliveries on their way.
   */
  readonly onLane: (lane: string, state: 'revoking' | 'lost' | 'ended') => Promise<void>;
}

export interface ReceiveLimits {
  readonly maxPerReceive: number;
  readonly maxConcurrentReceives: number;
  /** Longest that `receive` stays open with nothing to bring. */
  readonly maxWaitMs: number;
  readonly maxPerSettle: number;
  /** How long a batch of settlements that is not full may wait for company; 0 where a batch saves nothing. */
  readonly settleLingerMs: number;
}

/** One connection's life, like `Sender`: once `dead` settles, every unsettled token is lost. */
export interface Receiver {
  readonly limits: ReceiveLimits;
  /** Resolves when the connection is gone: with the error, or with nothing after `close`. Never rejects. */
  readonly dead: Promise<IntermodalError | undefined>;
  /**
   * Up to `max` deliveries, at least one unless the wait ended. Rejects only with an error of the broker; never for
   * `stop`, after which it may return early: what arrives later is given back by `close`. What is asked for is the credit:
   * a driver that is pushed more than that holds it back.
   */
  receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]>;
  /**
   * One outcome per entry, in order; never throws for a delivery. Where there is no lease and one fails for good, core
   * gives the connection up, since only the next one is brought it again.
   */
  settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]>;
  /** Only with `lease`. */
  extend?(
    tokens: readonly Token[],
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<readonly (SettleOutcome | { readonly leaseUntil: number })[]>;
  /** Logs only: everything of `lane` up to `at` is settled. `lost` when another worker owns the lane. */
  checkpoint?(lane: string, at: Token | 'end', signal: AbortSignal): Promise<SettleOutcome>;
  pauseLane?(lane: string, paused: boolean): void;
  /** Only where a dead letter and the ack can be one transaction; then core settles `reject`. Pure. */
  prepareDeadLetter?(message: WireMessage): Prepared;
  /** Gives back what arrived and was not handed out; `abandoned` counts what could not be. */
  close(signal: AbortSignal): Promise<{ readonly abandoned: number }>;
}

export interface Backlog {
  readonly ready: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLettered: number;
  /** False where the broker only estimates, or tells no more than a part: what it does not tell counts 0. */
  readonly exact: boolean;
}

export interface ProvisionPlan {
  readonly mode: 'create' | 'verify';
  readonly order: 'none' | 'key';
  readonly maxAttempts: number;
  readonly deadLetter?: Address;
}

export interface Admin {
  /** Idempotent, and safe when several processes start at once. Throws `mismatch` where `verify` finds a difference. */
  provision(address: Address, plan: ProvisionPlan, signal: AbortSignal): Promise<void>;
  backlog?(address: Address, signal: AbortSignal): Promise<Backlog>;
  /** Moves the dead letters of `address` (its main role) back. Core does it by hand where this is absent. */
  redrive?(
    address: Address,
    options: { readonly maxPerSecond?: number },
    signal: AbortSignal,
  ): Promise<{ readonly moved: number }>;
  purge?(address: Address, signal: AbortSignal): Promise<void>;
  remove?(address: Address, signal: AbortSignal): Promise<void>;
}

/** What a transport makes. Core wraps it; a composite is two of them behind one. */
export interface Driver {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** What CloudEvents attribute names begin with among native headers. @defaultValue `ce-` */
  readonly cloudEventsPrefix?: string;
  /** Rejects `not-found` for an address that is not there: consumers ask for the place of their dead letters that way. */
  openSender(address: Address, signal: AbortSignal): Promise<Sender>;
  openReceiver?(address: Address, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver>;
  readonly admin?: Admin;
  /** Proves the configuration without consuming anything. */
  check(address: Address | undefined, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A driver whose capabilities the compiler knows. */
export interface Transport<C extends Capabilities = Capabilities> extends Driver {
  readonly capabilities: C;
}
export {
  checkHeaders,
  packHeaders,
  reservedNames,
  unpackHeaders,
  wireNames,
  type PackedHeaders,
  type PackingRules,
} from './header-packing.ts';
export { decodeEnvelope, encodeEnvelope } from './cloud-event-envelope.ts';
export {
  createHttpEndpoint,
  type EndpointAnswer,
  type EndpointHead,
  type EndpointRequest,
  type HttpEndpoint,
  type HttpEndpointOptions,
} from './http-endpoint.ts';
export { writeTogether } from './write-together.ts';
export { createPushBuffer, type PushBuffer, type PushBufferOptions } from './push-buffer.ts';
