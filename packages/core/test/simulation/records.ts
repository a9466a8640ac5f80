import type { DeliveryBase } from '../../src/delivery.ts';
import type { Settlement, WireMessage } from '../../src/driver.ts';
import type { Process } from './event-loop.ts';
import type { ChannelPlan, ConsumerPlan, Foreign, How, MessagePlan } from './plan.ts';

/** One call of `publish`, and what became of it. */
export interface Publication {
  readonly plan: MessagePlan;
  readonly channel: ChannelPlan;
  readonly client: string;
  /** Counts the calls of one client. */
  readonly index: number;
  readonly calledAt: number;
  readonly body: unknown;
  readonly wireBody: string | Uint8Array;
  /** `pending`, `ok`, or the code of its error. */
  outcome: string;
  /** Where the broker first stored it. */
  firstStored: StoredMessage | undefined;
}

/** One message that a broker took responsibility for. */
export interface StoredMessage {
  /** In the order of the whole broker. */
  readonly position: number;
  readonly at: number;
  readonly channel: ChannelPlan;
  readonly message: WireMessage;
  readonly publication: Publication | undefined;
  readonly foreign: Foreign | undefined;
}

/** What is known of one message in one group. */
export interface Fate {
  readonly id: string;
  readonly group: string;
  readonly channel: ChannelPlan;
  /** A handler did its work: it returned, or acked. */
  completed: boolean;
  /** Copies among the dead letters. */
  deadLetters: number;
  /** It must become a dead letter: this is why. */
  condemned: string | undefined;
  /** Handler calls. */
  starts: number;
  /** No handler may be called before. */
  notBefore: number;
  /** Something happened that excuses a repeat: a fault, a lost lease or connection, a copy, a stop. */
  disturbed: boolean;
}

export type Verdict =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry' | 'throw'; readonly notBefore: number }
  | { readonly kind: 'reject'; readonly reason: string }
  /** In a batch, behind one of its key that comes again: core lets it come again too, after that one. */
  | { readonly kind: 'behind' };

/** One delivery of one copy to one receiver: what a token stands for. */
export interface Receipt {
  readonly number: number;
  readonly stored: StoredMessage;
  readonly fate: Fate;
  readonly receiver: ReceiverState;
  readonly lane: string | undefined;
  readonly attempt: number | undefined;
  /** The broker's truth. */
  state: 'held' | 'settled' | 'lost';
  /** Given to core. */
  handed: boolean;
  /** Core cannot but know that it is lost, since then. */
  lostSince: number | undefined;
  leaseUntil: number | undefined;
  /** What core was told. */
  knownLeaseUntil: number | undefined;
  /** The first settlement that core asked for. */
  action: Settlement['action'] | undefined;
  /** The broker's answer to it was told. */
  answered: boolean;
  /** A settlement or an extension is on its way. */
  settling: boolean;
  extending: boolean;
  starts: number;
  startedAt: number;
  running: boolean;
  verdict: Verdict | undefined;
  consumer: ConsumerState | undefined;
  /** Its lease was over for a moment, as far as core knew. */
  lapsed: boolean;
  /** Its lane is being handed over: once its handler is over, core lets it go. */
  leaving: boolean;
  /** A fault touched it: what follows is not core's fault. */
  tainted: boolean;
  /** The broker side's own. */
  cancelExpiry: () => void;
}

/** What the broker and the monitor know of one opened receiver. */
export interface ReceiverState {
  readonly number: number;
  readonly client: ClientState;
  readonly channel: ChannelPlan;
  readonly group: string;
  readonly prefetch: number;
  readonly leaseMs: number | undefined;
  readonly receipts: Set<Receipt>;
  /** Asked for by receives that have not returned. */
  requested: number;
  receives: number;
  closeCalled: boolean;
  dead: boolean;
  /** The broker has seen its connection go. */
  gone: boolean;
  tainted: boolean;
  consumer: ConsumerState | undefined;
}

export interface ConsumerState {
  readonly name: string;
  readonly client: ClientState;
  readonly channel: ChannelPlan;
  readonly group: string;
  readonly how: How;
  readonly options: ConsumerPlan;
  readonly maxAttempts: number;
  concurrency: number;
  /** Handler calls under way. */
  running: number;
  paused: boolean;
  stopping: boolean;
  /** When its stop may cut short what still runs. */
  deadlineAt: number;
  stopped: boolean;
}

export interface ClientState {
  readonly index: number;
  readonly process: Process;
  /** Connections that are neither closed nor dead. */
  openConnections: number;
  closeCalled: boolean;
  closed: boolean;
  driverClosed: boolean;
  /** The broker has told it that it may not. */
  forbidden: boolean;
  /** Promises given to the application that have not settled, by what they are. */
  readonly owed: Map<string, number>;
  readonly consumers: ConsumerState[];
}

/** What deliveries carry as `native`. */
export interface Native {
  readonly receipt: Receipt;
}

export type AnyDelivery = DeliveryBase<unknown>;
