import type { _Record as NativeRecord } from '@aws-sdk/client-kinesis';
import { compareSequences } from './position.ts';
import { type ReadForm, type ReadMessage, readRecord } from './read-record.ts';
import type { ReadFrom } from './reads.ts';

/** What was read of a shard and not taken yet, in its order. */
export interface Shelf {
  /** How many messages the records held that are for us and not done. */
  put(records: readonly NativeRecord[]): number;
  take(max: number): readonly ReadMessage[];
  readonly size: number;
}

/** @param from of the checkpointed record itself, the part that was done is left out */
export function createShelf(form: ReadForm, from: ReadFrom): Shelf {
  let done = from.at === 'record' ? from : undefined;
  let waiting: readonly ReadMessage[] = [];
  let taken = 0;

  function isNew({ sequence, sub }: ReadMessage): boolean {
    if (done === undefined) return true;
    const order = compareSequences(sequence, done.sequence);
    return order > 0 || (order === 0 && sub > done.sub);
  }

  return {
    put(records) {
      const messages = records.flatMap((record) => readRecord(record, form)).filter(isNew);
      if (records.length > 0) done = undefined;
      waiting = taken === waiting.length ? messages : [...waiting.slice(taken), ...messages];
      taken = 0;
      return messages.length;
    },
    take(max) {
      const messages = waiting.slice(taken, taken + max);
      taken += messages.length;
      return messages;
    },
    get size() {
      return waiting.length - taken;
    },
  };
}
