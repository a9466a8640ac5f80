import type { IntermodalError } from './error.ts';

/** Where an event happened. Ids, keys and addresses only: never a body, a header or a credential. */
interface At {
  readonly channel: string;
  readonly group?: string | undefined;
}

interface OfMessage extends At {
  readonly id: string;
  readonly key?: string | undefined;
}

interface OfDelivery extends OfMessage {
  readonly attempt: number;
}

interface OfLane {
  readonly lane: string;
  /** Where the log can be read again from. */
  readonly position: string | undefined;
}

/** What core tells about its work. */
export type TelemetryEvent =
  | (OfMessage & { readonly type: 'published'; readonly ms: number; readonly bytes: number })
  | (OfMessage & {
      readonly type: 'publish-failed';
      readonly ms: number;
      readonly error: IntermodalError;
    })
  /** A batch entry failed and is sent again. */
  | (OfMessage & {
      readonly type: 'publish-retried';
      readonly error: IntermodalError;
      readonly delayMs: number;
    })
  | (OfDelivery & { readonly type: 'delivered'; readonly redelivered: boolean })
  | (OfDelivery & { readonly type: 'acked'; readonly ms: number })
  | (OfDelivery & {
      readonly type: 'retried';
      readonly delayMs: number;
      readonly local: boolean;
      readonly error: unknown;
    })
  | (OfDelivery & { readonly type: 'dead-lettered'; readonly reason: string })
  /** The dead letter could not be stored; the delivery is kept and tried again, never dropped. */
  | (OfDelivery & { readonly type: 'dead-letter-failed'; readonly error: IntermodalError })
  | (OfDelivery & { readonly type: 'released' })
  | (OfDelivery & { readonly type: 'lease-lost'; readonly error?: IntermodalError | undefined })
  /** A settlement failed for good; the message will be delivered again. */
  | (OfDelivery & { readonly type: 'settle-failed'; readonly error: IntermodalError })
  /** Neither settled nor finished for `unsettledWarningMs`; `origin` is the stack of the call that started the consumer. */
  | (OfDelivery & { readonly type: 'unsettled'; readonly ms: number; readonly origin: string })
  /** A log: it has failed as often as it may, and holds up its key or its lane until it succeeds. */
  | (OfDelivery & OfLane & { readonly type: 'blocked'; readonly error: unknown })
  /** It succeeded, or another worker has it now. */
  | (OfDelivery & OfLane & { readonly type: 'unblocked' })
  /** A control message of a later version was acked without a handler. */
  | (OfMessage & { readonly type: 'control-skipped' })
  | (At & { readonly type: 'opened'; readonly side: 'sender' | 'receiver' })
  | (At & {
      readonly type: 'reopening';
      readonly side: 'sender' | 'receiver';
      readonly delayMs: number;
      readonly error?: IntermodalError | undefined;
    })
  | (At & {
      readonly type: 'lane';
      readonly lane: string;
      readonly state: 'revoking' | 'lost' | 'ended';
    })
  | (At & { readonly type: 'checkpointed'; readonly lane: string });

/** Called at once, in the caller's turn; it must not throw and should be quick. Where absent, events are never built. */
export type Telemetry = (event: TelemetryEvent) => void;
