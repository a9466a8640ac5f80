/**
 * What one run does, as data: the broker, the application's steps and the faults. It is made from (mode, seed), printed
 * when a run fails, shrunk by leaving parts out, and kept as JSON. Times are milliseconds of virtual time since the start.
 */
export type Mode = 'pull' | 'push' | 'log';

export interface Plan {
  readonly mode: Mode;
  /** Of everything that is not written down here: latencies, interleavings, which entries a fault hits. */
  readonly seed: number;
  readonly broker: BrokerPlan;
  readonly network: NetworkPlan;
  readonly channels: readonly ChannelPlan[];
  readonly clients: readonly ClientPlan[];
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
}

export interface NetworkPlan {
  /** Longest usual way from client to broker, or back. */
  readonly maxMs: number;
  /** One way in so many takes up to `slowMs`; 0 for none. */
  readonly slowOneIn: number;
  readonly slowMs: number;
}

export interface SendPlan {
  readonly maxBatchCount: number;
  readonly maxBatchBytes: number;
  readonly maxInFlight: number;
  readonly lingerMs: number;
}

export interface ReceivePlan {
  readonly maxPerReceive: number;
  readonly maxConcurrentReceives: number;
  readonly maxWaitMs: number;
  readonly maxPerSettle: number;
  readonly settleLingerMs: number;
}

export interface PullBroker {
  readonly kind: 'pull';
  /** Lanes with a lock while a message of theirs is in flight; otherwise nothing is ordered, and repeats are possible. */
  readonly fifo: boolean;
  readonly leaseMs: number;
  /** Whether a poll that the client leaves takes nothing more at the broker. */
  readonly endsAbandonedPolls: boolean;
  readonly send: SendPlan;
  readonly receive: ReceivePlan;
}

export interface PushBroker {
  readonly kind: 'push';
  /** `queue`: one consumer of a group at a time; `key`: each key belongs to one of them; `none`: no order. */
  readonly exclusive: 'queue' | 'key' | 'none';
  readonly attempts: 'broker' | 'local';
  readonly ackConfirmed: boolean;
  /** A dead letter and the ack of its message are one transaction. */
  readonly transactions?: boolean;
  readonly send: SendPlan;
  readonly receive: ReceivePlan;
}

export interface LogBroker {
  readonly kind: 'log';
  readonly shards: number;
  /** A worker that was not heard of for this long loses its lanes. */
  readonly workerTimeoutMs: number;
  /** How long a worker may take to hand a lane over. */
  readonly handOverMs: number;
  readonly send: SendPlan;
  readonly receive: ReceivePlan;
}

export type BrokerPlan = PullBroker | PushBroker | LogBroker;

export interface ChannelPlan {
  readonly name: string;
  readonly order: 'none' | 'key';
  readonly codec: 'json' | 'text' | 'bytes';
  readonly groups: readonly string[];
  readonly maxAttempts: number;
  /** Its schema answers later, at publish and at the handler. */
  readonly asyncSchema?: boolean;
  /** Milliseconds before attempt n + 1 are n times this; core's own policy where undefined. */
  readonly retryStepMs?: number;
}

export interface ClientPlan {
  readonly publishTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly maxPendingMessages: number;
  readonly maxPendingBytes: number;
  readonly observed: boolean;
  readonly middleware: boolean;
}

/** What a handler does with one delivery; the n-th call for a message takes the n-th act, and all after the last are fine. */
export type Act =
  | { readonly kind: 'ok'; readonly ms: number }
  /** Changes the body it was given, then throws: the next attempt must see the original. */
  | { readonly kind: 'throw'; readonly ms: number; readonly mutate?: boolean }
  | { readonly kind: 'reject'; readonly ms: number; readonly by: 'throw' | 'call' }
  | { readonly kind: 'retry'; readonly ms: number; readonly delayMs?: number }
  /** Asks for a longer lease, where there is one, then works. */
  | { readonly kind: 'extend'; readonly ms: number; readonly leaseMs: number }
  /** Acks, then goes on working. */
  | { readonly kind: 'ack-early'; readonly ms: number }
  /** Until its signal, or `ms`. */
  | { readonly kind: 'hang'; readonly ms: number; readonly end: 'ok' | 'throw' };

export interface MessagePlan {
  readonly id: string;
  readonly key?: string;
  /** Characters of padding in the body. */
  readonly size: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  readonly timeoutMs?: number;
  readonly abortAfterMs?: number;
  readonly acts: readonly Act[];
}

export interface ConsumerPlan {
  readonly concurrency?: number;
  readonly prefetch?: number;
  readonly handlerTimeoutMs?: number;
  readonly localRetryMaxMs?: number;
  readonly checkpointMs?: number;
  readonly leaseMs?: number;
}

interface At {
  readonly at: number;
}

export type Step = At &
  (
    | {
        readonly do: 'publish';
        readonly client: number;
        readonly channel: string;
        readonly messages: readonly MessagePlan[];
        readonly many: boolean;
      }
    | {
        readonly do: 'consume';
        readonly client: number;
        readonly consumer: string;
        readonly channel: string;
        readonly group: string;
        readonly how: How;
        readonly options: ConsumerPlan;
      }
    | { readonly do: 'stop'; readonly consumer: string; readonly deadlineMs: number }
    | { readonly do: 'pause' | 'resume'; readonly consumer: string }
    | { readonly do: 'concurrency'; readonly consumer: string; readonly concurrency: number }
    | { readonly do: 'close'; readonly client: number; readonly deadlineMs?: number }
    /** The process is gone: no more of its code runs, and its connections die. */
    | { readonly do: 'crash'; readonly client: number }
    /** Something that no client of ours published. */
    | {
        readonly do: 'foreign';
        readonly channel: string;
        readonly id: string;
        readonly key?: string;
        readonly kind: Foreign;
      }
  );

export type Foreign = 'garbage' | 'undecodable' | 'control';

export type How =
  | { readonly kind: 'each' }
  | { readonly kind: 'batch'; readonly max: number; readonly waitMs: number }
  /** `receive`, with up to `atOnce` deliveries being worked on. */
  | { readonly kind: 'pull'; readonly atOnce: number };

/** The n-th call of its kind in the whole run goes wrong. `salt` chooses entries and sides. */
export type CallFault =
  | {
      readonly on: 'send';
      readonly call: number;
      readonly salt: number;
      readonly effect: SendFault;
    }
  | {
      readonly on: 'settle';
      readonly call: number;
      readonly salt: number;
      readonly effect: SettleFault;
    }
  | {
      readonly on: 'extend';
      readonly call: number;
      readonly salt: number;
      readonly effect: 'fail' | 'lose-reply' | 'hang';
    }
  | {
      readonly on: 'receive';
      readonly call: number;
      readonly salt: number;
      readonly effect: 'fail' | 'lose-reply';
    }
  | {
      readonly on: 'checkpoint';
      readonly call: number;
      readonly salt: number;
      readonly effect: 'fail' | 'lose-reply' | 'hang';
    }
  | {
      readonly on: 'open';
      readonly call: number;
      readonly salt: number;
      readonly effect: 'fail' | 'hang' | 'slow' | 'forbid';
    };

/**
 * `lose-reply`: some entries were stored and no answer comes. `late`: stored after the answer was given up.
 * `reject`: the broker says no to some, for good. `refuse`: not now. `throttle`: not now, with a time.
 */
export type SendFault =
  | 'lose-reply'
  | 'lose-request'
  | 'late'
  | 'reject'
  | 'refuse'
  | 'throttle'
  | 'hang';

/**
 * `fail`: some entries are not done. `lose-reply`: some entries are, and all are reported as failed. `refuse`: for good.
 * Where the connection is what holds settlements, it is cut instead, but for a transaction that is refused.
 */
export type SettleFault = 'fail' | 'lose-reply' | 'hang' | 'refuse';

export type TimedFault = At &
  /** Connections of one client die; each side of the network notices at its own time. */
  (
    | {
        readonly fault: 'cut';
        readonly client: number;
        readonly side: 'sender' | 'receiver' | 'both';
        readonly clientMs: number;
        readonly brokerMs: number;
      }
    /** No connection can be opened for a while. */
    | { readonly fault: 'outage'; readonly forMs: number }
    /** Every send is throttled for a while. */
    | { readonly fault: 'throttle'; readonly forMs: number; readonly retryAfterMs?: number }
    /** The broker forgets leases: some held messages are free again at once. */
    | { readonly fault: 'expire'; readonly share: number }
    /** Unordered queues only: the broker repeats messages although nothing failed. */
    | { readonly fault: 'duplicate'; readonly share: number }
    /** A lane is asked for, or taken without asking. */
    | {
        readonly fault: 'move';
        readonly lane: number;
        readonly by: 'asking' | 'force';
        readonly noticeMs: number;
      }
    | { readonly fault: 'split'; readonly lane: number }
  );

export type Fault = CallFault | TimedFault;

/** How long an asynchronous schema takes for one body. */
export const schemaMs = 30;

/** And for a whole batch: what is being decoded may still be handed to its handler. */
export function decodingMs(channel: ChannelPlan): number {
  return channel.asyncSchema === true ? 11 * schemaMs : 0;
}

export function isCallFault(fault: Fault): fault is CallFault {
  return 'on' in fault;
}
