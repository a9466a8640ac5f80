import type { Capabilities } from './capabilities.ts';
import type { Channel } from './channel.ts';
import type { ConsumeMiddleware } from './client-options.ts';
import type { OnFailure } from './consumer-types.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Receiver, ReceiverOptions } from './driver.ts';
import type { Held } from './held.ts';
import type { ResolvedRetryPolicy } from './retry-policy.ts';
import type { Telemetry } from './telemetry.ts';
import type { Wheel } from './wheel.ts';

/** What a consumer is to do, every default filled in. */
export interface ConsumerPlan {
  readonly source: Channel<unknown, unknown, 'none' | 'key'>;
  readonly channel: string;
  readonly group: string;
  readonly capabilities: Capabilities;
  readonly cloudEventsPrefix: string;
  readonly wheel: Wheel;
  readonly telemetry: Telemetry | undefined;
  readonly middleware: readonly ConsumeMiddleware[];
  readonly concurrency: number;
  readonly prefetch: number;
  readonly handlerTimeoutMs: number | undefined;
  readonly policy: ResolvedRetryPolicy;
  readonly localRetryMaxMs: number;
  readonly onFailure: OnFailure;
  readonly checkpointMs: number;
  readonly unsettledWarningMs: number;
  readonly operationTimeoutMs: number;
  readonly deadLetters: DeadLetters;
  readonly open: (onLane: ReceiverOptions['onLane'], signal: AbortSignal) => Promise<Receiver>;
  readonly onUnsettled: (held: Held, ms: number) => void;
  readonly onStopped: () => void;
}
