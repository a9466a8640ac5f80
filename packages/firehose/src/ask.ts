import { mapError } from './map-error.ts';

/** One request whose failure is thrown in our words. */
export async function ask<T>(request: Promise<T>, place: string): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    throw mapError(cause, place).error;
  }
}
