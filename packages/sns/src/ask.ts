import type { IntermodalError } from '@intermodal/core/driver';
import { snsErrors } from './map-error.ts';

/** One request; its failure is thrown in our words. */
export async function ask<O>(work: Promise<O>, place: string): Promise<O> {
  try {
    return await work;
  } catch (cause) {
    throw told(cause, place);
  }
}

function told(cause: unknown, place: string): IntermodalError {
  return snsErrors.mapError(cause, place).error;
}
