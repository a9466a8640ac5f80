import type { Clock } from './clock.ts';
import type { Channel } from './channel.ts';
import type { PublishSettings, Published } from './client-types.ts';
import type { DeliveryBase } from './delivery.ts';
import type { Transport } from './driver.ts';
import type { Telemetry } from './telemetry.ts';

/** What publish middleware sees and may change by passing another one on. */
export interface OutgoingMessage {
  readonly channel: Channel<unknown, unknown, 'none' | 'key'>;
  readonly body: unknown;
  readonly options: PublishSettings;
}

/** Runs around each publish, before validation. It calls `next` once; a key's order is kept whatever it awaits. */
export type PublishMiddleware = (
  message: OutgoingMessage,
  next: (message: OutgoingMessage) => Promise<Published>,
) => Promise<Published>;

/** Runs around each call of a handler, once per delivery and attempt, after validation. A throw is the handler's throw. */
export type ConsumeMiddleware = (
  delivery: DeliveryBase<unknown>,
  next: () => Promise<void>,
) => Promise<void>;

export interface ClientOptions<T extends Transport = Transport> {
  /** Owned by the client from here on: `close` closes it. */
  readonly transport: T;
  readonly telemetry?: Telemetry | undefined;
  /** Outermost first. */
  readonly middleware?:
    | {
        readonly publish?: readonly PublishMiddleware[];
        readonly consume?: readonly ConsumeMiddleware[];
      }
    | undefined;
  /** How long a publish may take in all, milliseconds. @defaultValue 30,000 */
  readonly publishTimeoutMs?: number | undefined;
  /** Publishes of one address that are not confirmed yet; beyond it `publish` waits. @defaultValue 10,000 */
  readonly maxPendingMessages?: number | undefined;
  /** Their bytes. @defaultValue 67,108,864 */
  readonly maxPendingBytes?: number | undefined;
  /** Longest wait for a connection, a settlement or a call of the broker, milliseconds. @defaultValue 30,000 */
  readonly operationTimeoutMs?: number | undefined;
  /** Only for tests. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}
