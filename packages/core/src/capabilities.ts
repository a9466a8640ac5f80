/** Facts about a transport, each a value and a literal type; computed from the options of its factory. */
export interface Capabilities {
  /** Whether it can consume at all. */
  readonly receive: boolean;
  /** `single`: a channel has one group; `many`: every group gets every message. */
  readonly groups: 'none' | 'single' | 'many';
  /** A group has one member, and a second is refused. Left out where any number may consume at once. */
  readonly members?: 'one';
  readonly order: 'none' | 'key';
  /** How far one failing key can hold up others: not at all, up to `prefetch`, or no order is claimed. */
  readonly isolation: 'key' | 'window' | 'none';
  /** `watermark`: a log, where only the contiguous settled prefix of a lane is checkpointed. */
  readonly settle: 'message' | 'watermark' | 'none';
  /** `possible`: the broker may repeat a message although nothing failed. */
  readonly duplicates: 'possible' | 'on-fault';
  /** What was confirmed survives a restart of the broker. */
  readonly durable: boolean;
  /** `ack` resolves on the broker's answer. */
  readonly ackConfirmed: boolean;
  /** Who counts deliveries of a message across crashes: the broker, or nobody. */
  readonly attempts: 'broker' | 'local';
  /** `counted`: giving a delivery back raises the broker's attempt count. */
  readonly release: 'free' | 'counted' | 'by-closing' | 'none';
  /** `delayed`: the broker redelivers after a delay; `immediate`: at once, so core waits first; `local`: only core can. */
  readonly retry: 'delayed' | 'immediate' | 'local';
  /** Deliveries are ours for a time that can be extended. */
  readonly lease: boolean;
  readonly delay: boolean;
  readonly ttl: boolean;
  readonly priority: boolean;
  readonly dedupe: boolean;
  /** A new group may start in the past. */
  readonly replay: boolean;
  /** `envelope`: the broker has no headers; they travel inside the body as CloudEvents. */
  readonly headers: 'native' | 'envelope';
}

declare const why: unique symbol;

/** Never constructible: its name is the compiler's message. */
export interface Unsupported<Why extends string> {
  readonly [why]: Why;
}

type Has<C extends Capabilities, K extends keyof Capabilities, V> = [C[K]] extends [V]
  ? true
  : false;

/** An input option: there if every member of the union can honour it, else a refusal that says why. */
export type Option<C extends Capabilities, K extends keyof Capabilities, F> =
  Has<C, K, true> extends true
    ? F
    : {
        readonly [P in keyof F]?:
          | (NonNullable<F[P]> &
              Unsupported<`'${P & string}' needs a transport with ${K}, and this transport has none: leave it out, or narrow with client.require({ ${K}: true })`>)
          | undefined;
      };

/** An input option of logs, which keep what follows a message that is not done. */
export type LogOption<C extends Capabilities, F> =
  Has<C, 'settle', 'watermark'> extends true
    ? F
    : {
        readonly [P in keyof F]?:
          | (NonNullable<F[P]> &
              Unsupported<`'${P & string}' needs a log, and this transport is none: leave it out, or narrow with client.require({ settle: 'watermark' })`>)
          | undefined;
      };

/** An output member: there if every member of the union has it, else simply absent. */
export type Output<C extends Capabilities, K extends keyof Capabilities, F> =
  Has<C, K, true> extends true ? F : unknown;

/** What a channel may need of a transport. */
export type Order = 'none' | 'key';

type NoOrder = 'this channel needs order by key, and this transport keeps none';

/**
 * The orders that a transport keeps; the others are refused with a reason. A condition and not a union: the compiler
 * shows a union by the name of its alias, and the reason would stay hidden.
 */
export type OrderOf<C extends Capabilities> = [C['order']] extends ['key']
  ? 'none' | 'key' | Unsupported<NoOrder>
  : 'none' | Unsupported<NoOrder>;

/** `group` may always be given, and must be as soon as one member of the union has many groups. */
export type GroupOption<C extends Capabilities> = 'many' extends C['groups']
  ? { /** The independent subscriber this consumer belongs to. */ readonly group: string }
  : {
      /** The independent subscriber this consumer belongs to. @defaultValue the channel's name */ readonly group?: string;
    };
