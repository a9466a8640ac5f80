import type { Connection } from './connection.ts';
import { spareMs } from './delay-levels.ts';
import { delayQueueName, type Target } from './names.ts';
import type { Settings } from './options.ts';
import { declareDelayQueue } from './topology.ts';

/** The queues in which a sender's delayed messages wait. */
export interface Delays {
  /** Resolves when the queue of the level is there for as long as a message now put into it. */
  ensure(levelMs: number): Promise<void>;
  queueOf(levelMs: number): string;
}

export function createDelays(connection: Connection, target: Target, settings: Settings): Delays {
  const declared = new Map<number, { readonly at: number; readonly done: Promise<unknown> }>();
  return {
    async ensure(levelMs) {
      const now = Date.now();
      let last = declared.get(levelMs);
      // The queue lives for the level and `spareMs` from its last declaration.
      if (last === undefined || now - last.at > spareMs / 2) {
        last = { at: now, done: declareDelayQueue(connection, target, levelMs, settings) };
        declared.set(levelMs, last);
      }
      try {
        await last.done;
      } catch (error) {
        if (declared.get(levelMs) === last) declared.delete(levelMs);
        throw error;
      }
    },
    queueOf: (levelMs) => delayQueueName(target, levelMs),
  };
}
