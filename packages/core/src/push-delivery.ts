import type { DeliveryBase } from './delivery.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';

/** How a pushed delivery was settled. */
export type PushIntent =
  | { readonly action: 'ack' }
  | { readonly action: 'retry'; readonly delayMs: number | undefined; readonly error: unknown }
  | { readonly action: 'reject'; readonly reason: string };

export interface PushHandle {
  readonly delivery: DeliveryBase<unknown>;
  readonly intent: PushIntent | undefined;
  /** Settles it in the handler's place. */
  settle(intent: PushIntent): void;
  /** The answer has been given: what is settled from now on comes too late. */
  answered(): void;
  abort(error: IntermodalError): void;
}

export interface PushHandleOptions {
  readonly message: WireMessage;
  readonly body: unknown;
  readonly group: string;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly native: unknown;
}

/** The delivery that a handler sees, and what only the receiver does with it. */
export function createPushHandle(options: PushHandleOptions): PushHandle {
  const { message, group, attempt, redelivered, native, body } = options;
  const controller = new AbortController();
  let intent: PushIntent | undefined;
  let settled: Promise<void> | undefined;
  let over = false;

  function settle(wanted: PushIntent): Promise<void> {
    if (intent === undefined) {
      if (over) return refuse('lease-lost', 'its time was over, and it was answered with retry');
      intent = wanted;
    }
    if (!isAlike(intent, wanted)) {
      return refuse('already-settled', `it was settled before with '${intent.action}'`);
    }
    settled ??= Promise.resolve();
    return settled;
  }

  function refuse(code: 'lease-lost' | 'already-settled', what: string): Promise<void> {
    const error = new IntermodalError(code, `this delivery cannot be settled: ${what}`, {
      address: message.channel,
    });
    const refused = Promise.reject(error);
    // Who does not wait is told nothing; the message comes again, or has its outcome.
    refused.catch(() => undefined);
    return refused;
  }

  const delivery: DeliveryBase<unknown> = {
    id: message.id,
    channel: message.channel,
    group,
    key: message.key,
    body,
    headers: message.headers,
    publishedAt: message.publishedAt === undefined ? undefined : new Date(message.publishedAt),
    attempt,
    redelivered,
    signal: controller.signal,
    native,
    ack: () => settle({ action: 'ack' }),
    retry: ({ delayMs } = {}) => {
      if (delayMs === undefined || (delayMs >= 0 && Number.isFinite(delayMs))) {
        return settle({ action: 'retry', delayMs, error: undefined });
      }
      const text = `delayMs must be 0 or more milliseconds, not ${delayMs}`;
      return Promise.reject(new IntermodalError('invalid-argument', text));
    },
    reject: (reason) => settle({ action: 'reject', reason }),
  };

  return {
    delivery,
    get intent() {
      return intent;
    },
    settle(wanted) {
      intent ??= wanted;
    },
    answered() {
      over = true;
    },
    abort(error) {
      controller.abort(error);
    },
  };
}

function isAlike(one: PushIntent, other: PushIntent): boolean {
  if (one.action === 'retry' && other.action === 'retry') return one.delayMs === other.delayMs;
  if (one.action === 'reject' && other.action === 'reject') return one.reason === other.reason;
  return one.action === other.action;
}
