import type { ErrorMapping } from './error-mapping.ts';

/** One request whose failure is thrown in our words: `await ask(client.send(command), place)`. */
export type Ask = <T>(request: Promise<T>, place: string) => Promise<T>;

/** Of the mapping of one service. */
export function createAsk({ mapError }: Pick<ErrorMapping, 'mapError'>): Ask {
  return async (request, place) => {
    try {
      return await request;
    } catch (cause) {
      throw mapError(cause, place).error;
    }
  };
}
