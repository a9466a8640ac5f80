import type {
  Address,
  Backlog,
  ProvisionPlan,
  ReceiveLimits,
  SendLimits,
  SettleOutcome,
  StartPosition,
  WireDelivery,
  WireMessage,
} from '@intermodal/core/driver';
import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

/** An error as it travels. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

export function faultOf(error: unknown): Fault {
  const { code, message, retryable } = IntermodalError.from(error);
  return { code, message, retryable };
}

export function errorOf({ code, message, retryable }: Fault): IntermodalError {
  return new IntermodalError(code, message, { retryable, transport: 'bridge' });
}

export type SentOutcome =
  | { readonly ok: true; readonly position?: string }
  | { readonly ok: false; readonly certainty: 'rejected' | 'unknown'; readonly fault: Fault };

export interface WireSettlement {
  readonly tag: number;
  readonly action: 'ack' | 'retry' | 'release';
  readonly delayMs: number;
}

export type WireOutcome = 'done' | 'lost' | { readonly fault: Fault };

export function outcomeOf(outcome: WireOutcome): SettleOutcome {
  return typeof outcome === 'string' ? outcome : { failed: errorOf(outcome.fault) };
}

export type TaggedDelivery = Omit<WireDelivery, 'token' | 'undecodable'> & { readonly tag: number };

/** What a client asks of the broker, and what it gets. */
export interface Calls {
  openSender(address: Address): Promise<SendLimits>;
  openReceiver(
    address: Address,
    options: {
      readonly prefetch: number;
      readonly leaseMs: number | undefined;
      readonly from: StartPosition | undefined;
    },
  ): Promise<ReceiveLimits>;
  send(messages: readonly WireMessage[]): Promise<readonly SentOutcome[]>;
  receive(max: number): Promise<readonly TaggedDelivery[]>;
  /** Ends the receive under way. */
  stop(): Promise<void>;
  settle(batch: readonly WireSettlement[]): Promise<readonly WireOutcome[]>;
  extend(
    tags: readonly number[],
    leaseMs: number,
  ): Promise<readonly (WireOutcome | { readonly leaseUntil: number })[]>;
  provision(address: Address, plan: ProvisionPlan): Promise<void>;
  backlog(address: Address): Promise<Backlog | undefined>;
  check(address: Address | undefined): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type CallName = keyof Calls;

export interface Request {
  readonly id: number;
  readonly call: CallName;
  readonly values: readonly unknown[];
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: Fault };
