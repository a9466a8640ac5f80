import type { SendOutcome } from './driver.ts';
import { IntermodalError } from './error.ts';

export type GaveUp = 'timeout' | 'aborted' | 'closed';

const ends: Readonly<Record<GaveUp, string>> = {
  timeout: ' before the time-out',
  aborted: ' before it was aborted',
  closed: ' before the client was closed',
};

/** What a caller of `publish` is told when it was not confirmed. */
export interface PublishErrors {
  closed(): IntermodalError;
  /** Handed over, and nobody knows. */
  uncertain(cause: IntermodalError | undefined, why?: GaveUp): IntermodalError;
  /** Certainly not sent. */
  notSent(why: GaveUp, timeoutMs: number, cause: IntermodalError | undefined): IntermodalError;
  missingOutcome(): SendOutcome;
}

export function createPublishErrors(transport: string, place: string): PublishErrors {
  function closed(): IntermodalError {
    return new IntermodalError('closed', `the client is closed; nothing was sent to ${place}`, {
      transport,
      address: place,
    });
  }

  return {
    closed,
    uncertain(cause, why) {
      const text = `the message was handed to ${place}, and no answer came${why === undefined ? '' : ends[why]}: it may have arrived; publish it again with the same id if the consumers can tell repeats`;
      return new IntermodalError('unknown-outcome', text, { transport, address: place, cause });
    },
    notSent(why, timeoutMs, cause) {
      if (why === 'closed') return closed();
      const about = { transport, address: place, cause };
      if (why === 'aborted') {
        const text = `the publish to ${place} was aborted before it was sent`;
        return new IntermodalError('aborted', text, about);
      }
      const text = `${place} took no message within ${timeoutMs} ms; nothing was sent, so it can be published again`;
      return new IntermodalError('timeout', text, { ...about, retryable: true });
    },
    missingOutcome() {
      const error = new IntermodalError('unknown', `${transport} gave no outcome for a message`, {
        transport,
        retryable: true,
      });
      return { ok: false, certainty: 'unknown', error };
    },
  };
}
