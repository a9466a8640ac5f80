import type {
  Capabilities,
  GroupOption,
  LogOption,
  Option,
  Order,
  OrderOf,
  Output,
} from './capabilities.ts';
import type { Channel } from './channel.ts';
import type {
  BatchOptions,
  Consumer,
  ConsumerSettings,
  OnFailure,
  ProvisionOptions,
} from './consumer-types.ts';
import type { DeliveryBase } from './delivery.ts';
import type { Backlog, StartPosition } from './driver.ts';
import type { IntermodalError } from './error.ts';

/** Nothing may be assumed: code that takes this fits every transport. */
export type Minimal = Capabilities;

/** Header names and string values; names beginning with `im` that Intermodal uses itself are refused. */
export type Headers = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

export interface PublishSettings {
  /** Messages of one key stay in order where the transport claims order. */
  readonly key?: string | undefined;
  readonly headers?: Headers | undefined;
  /** Unique per message; consumers see it as `delivery.id`. @defaultValue a random UUID */
  readonly id?: string | undefined;
  /** Before hand-off to the broker it gives `aborted`; after it, `unknown-outcome`. */
  readonly signal?: AbortSignal | undefined;
  /** How long `publish` may take in all, milliseconds. @defaultValue the client's `publishTimeoutMs` */
  readonly timeoutMs?: number | undefined;
}

export type PublishOptions<C extends Capabilities = Minimal> = PublishSettings &
  Option<
    C,
    'delay',
    { /** Not delivered before this many milliseconds. */ readonly delayMs?: number | undefined }
  > &
  Option<
    C,
    'ttl',
    { /** Not delivered after this many milliseconds. */ readonly ttlMs?: number | undefined }
  > &
  Option<C, 'priority', { /** 0 (lowest) to 9. */ readonly priority?: number | undefined }> &
  Option<
    C,
    'dedupe',
    { /** The broker drops repeats of it. */ readonly dedupeId?: string | undefined }
  >;

export type ConsumeOptions<C extends Capabilities = Minimal> = ConsumerSettings &
  GroupOption<C> &
  Option<
    C,
    'lease',
    {
      /** How long the broker keeps a delivery ours; renewed while the handler runs. Milliseconds. */ readonly leaseMs?:
        | number
        | undefined;
    }
  > &
  Option<
    C,
    'replay',
    {
      /** Where a group without a place of its own starts. */ readonly from?:
        | StartPosition
        | undefined;
    }
  > &
  LogOption<
    C,
    {
      /** After `maxAttempts`, or where a message cannot be understood. @defaultValue `dead-letter` */
      readonly onFailure?: OnFailure | undefined;
    }
  >;

/** What only some transports can do with a delivery. */
export type DeliveryExtras<C extends Capabilities> = Output<
  C,
  'lease',
  {
    /** Makes the lease last at least this long from now, milliseconds; core renews it by itself besides. */ extend(
      leaseMs: number,
    ): Promise<void>;
  }
> &
  Output<
    C,
    'replay',
    { /** Where a new group can start to read from here on. */ readonly position: string }
  >;

/** One message handed to one consumer, to be settled once. */
export type Delivery<T, C extends Capabilities = Minimal> = DeliveryBase<T> & DeliveryExtras<C>;

/** Resolved once the broker has taken responsibility. */
export interface Published {
  readonly id: string;
  /** The broker's own id, where it gives one. */
  readonly brokerId?: string | undefined;
  readonly position?: string | undefined;
}

export type PublishOutcome =
  | ({ readonly ok: true } & Published)
  | { readonly ok: false; readonly id: string; readonly error: IntermodalError };

/** Any channel that a transport with the orders `N` can carry. */
export type AnyChannel<N = Order> = Channel<unknown, unknown, N & Order>;

type Ordered<I, O, N> = Omit<Channel<I, O>, 'order'> & { readonly order: N };

export interface PublisherOf<in P, in N> extends AsyncDisposable {
  readonly capabilities: Capabilities;
  /** Name of the transport. */
  readonly transport: string;
  /**
   * Resolves when the broker has taken responsibility for the message.
   *
   * @throws `invalid-argument`, `invalid-message`, `too-large`, `unsupported` before anything is sent; `timeout` and
   * `aborted` when it was not handed over; `unknown-outcome` when it was and no answer came; `not-found`, `rejected`,
   * `permission-denied`, `closed`
   */
  readonly publish: <I, O>(
    channel: Ordered<I, O, N>,
    body: NoInfer<I>,
    options?: P,
  ) => Promise<Published>;
  /** One outcome per message, in input order; never rejects for a message. */
  readonly publishMany: <I, O>(
    channel: Ordered<I, O, N>,
    messages: readonly (P & { readonly body: NoInfer<I> })[],
  ) => Promise<readonly PublishOutcome[]>;
  /** Creates what the channels need on the broker, or checks it (`verify`). Idempotent, safe from several processes. */
  readonly provision: (
    channels: readonly Ordered<unknown, unknown, N>[],
    options?: ProvisionOptions,
  ) => Promise<void>;
  /** Proves the configuration without consuming anything. */
  readonly check: (
    channel?: Ordered<unknown, unknown, N>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<void>;
  /** Stops consumers, settles every pending publish, closes connections. Resolves when all is closed. */
  readonly close: (options?: { readonly deadlineMs?: number }) => Promise<void>;
}

export interface ClientOf<in P, in G, in N, out X> extends PublisherOf<P, N> {
  /**
   * Starts a consumer; resolves when it is open. The handler's return acks, a throw retries by policy, a thrown
   * `Rejection` goes to the dead letters.
   */
  readonly consume: <I, O>(
    channel: Ordered<I, O, N>,
    options: G,
    handler: (delivery: DeliveryBase<O> & X) => Promise<void> | void,
  ) => Promise<Consumer>;
  /**
   * As `consume`, many deliveries at a time: a return acks all that are not settled, a throw retries them. What stands
   * unsettled behind a delivery of its key that is to be tried again comes again after it.
   */
  readonly consumeBatch: <I, O>(
    channel: Ordered<I, O, N>,
    options: G & BatchOptions,
    handler: (deliveries: readonly (DeliveryBase<O> & X)[]) => Promise<void> | void,
  ) => Promise<Consumer>;
  /** The same, pulled: each delivery must be settled by the caller. Leaving the loop stops the consumer. */
  readonly receive: <I, O>(
    channel: Ordered<I, O, N>,
    options: G,
  ) => AsyncIterableIterator<DeliveryBase<O> & X>;
  /** What is waiting. `unsupported` where the broker does not tell. */
  readonly backlog: (
    channel: Ordered<unknown, unknown, N>,
    options?: { readonly group?: string; readonly signal?: AbortSignal },
  ) => Promise<Backlog>;
  /** Moves a group's dead letters back to it. Resolves with how many were moved. */
  readonly redrive: (
    channel: Ordered<unknown, unknown, N>,
    options?: {
      readonly group?: string;
      readonly maxPerSecond?: number;
      readonly signal?: AbortSignal;
    },
  ) => Promise<{ readonly moved: number }>;
  /** This client, typed as having what is asked. @throws `unsupported` where the transport has not. */
  readonly require: <const Need extends Partial<Capabilities>>(need: Need) => Require<Need>;
}

type Require<Need> = Omit<Capabilities, keyof Need> & Need extends infer C extends Capabilities
  ? Client<C>
  : never;

/** A client that can publish; every client is one. */
export type Publisher<C extends Capabilities = Minimal> = PublisherOf<
  PublishOptions<C>,
  OrderOf<C>
>;

/** A client that can publish and consume; code that takes a plain `Client` fits every transport that can receive. */
export type Client<C extends Capabilities = Minimal> = ClientOf<
  PublishOptions<C>,
  ConsumeOptions<C>,
  OrderOf<C>,
  DeliveryExtras<C>
>;

/** What `createClient` gives: a `Publisher` where some member of the union cannot receive. */
export type ClientFor<C extends Capabilities> = 'deaf' extends (
  C extends { readonly receive: false } ? 'deaf' : 'hears'
)
  ? Publisher<C>
  : Client<C>;
