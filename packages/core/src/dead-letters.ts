import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { Held } from './held.ts';
import type { PublishQueue } from './publish-queue.ts';

export interface DeadLettersOptions {
  readonly queue: PublishQueue;
  /** `<transport>:<channel>/<group>`. */
  readonly origin: string;
  /** They go to another transport than the one they came from, so no transaction can hold both. */
  readonly elsewhere: boolean;
  readonly timeoutMs: number;
}

/** Dead letters of one group: the original bytes and headers plus reason, origin and attempts. */
export interface DeadLetters {
  readonly elsewhere: boolean;
  message(held: Held, attempt: number, reason: string): WireMessage;
  /** Resolves with nothing once it is stored, or with why it could not be. Never rejects. */
  store(held: Held, attempt: number, reason: string): Promise<IntermodalError | undefined>;
}

export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  function message(held: Held, attempt: number, reason: string): WireMessage {
    const { message: original } = held.wire;
    const headers = new Map(original.headers);
    headers.set('imreason', reason);
    headers.set('imorigin', options.origin);
    headers.set('imattempt', String(attempt));
    if (held.wire.position !== undefined) headers.set('imposition', held.wire.position);
    return {
      id: original.id,
      channel: original.channel,
      key: original.key,
      publishedAt: original.publishedAt,
      headers,
      contentType: original.contentType,
      body: original.body,
      priority: original.priority,
    };
  }

  return {
    elsewhere: options.elsewhere,
    message,
    async store(held, attempt, reason) {
      try {
        await options.queue.add(message(held, attempt, reason), options.timeoutMs, undefined);
        return undefined;
      } catch (error) {
        const failure = IntermodalError.from(error);
        if (failure.code !== 'too-large') return failure;
      }
      try {
        // At the size limit the reason may not fit; the message itself must.
        await options.queue.add(
          message(held, attempt, 'too large for its reason'),
          options.timeoutMs,
          undefined,
        );
        return undefined;
      } catch (error) {
        return IntermodalError.from(error);
      }
    },
  };
}
