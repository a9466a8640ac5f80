import { compareSequences } from './position.ts';
import { type ReadForm, type ReadMessage, readRecord } from './read-record.ts';
import type { ReadFrom } from './reads.ts';
import { nativeOf, type RecordSource } from './record-source.ts';

/** What was read of a shard and not taken yet, in its order. */
export interface Shelf {
  put(records: readonly RecordSource[]): void;
  /** At least one message as long as there is one for us that is not done. */
  take(max: number): readonly ReadMessage[];
  /** Records, and messages of an aggregated one; some of them may be for nobody here. */
  readonly size: number;
}

/**
 * Records are taken apart when their messages are wanted, so that a page of ten thousand is not twice in memory.
 *
 * @param from of the checkpointed record itself, the part that was done is left out
 */
export function createShelf(form: ReadForm, from: ReadFrom): Shelf {
  let done = from.at === 'record' ? from : undefined;
  let records: readonly RecordSource[] = [];
  let opened = 0;
  let messages: readonly ReadMessage[] = [];
  let taken = 0;

  function isNew({ sequence, sub }: ReadMessage): boolean {
    if (done === undefined) return true;
    const order = compareSequences(sequence, done.sequence);
    if (order <= 0) return order === 0 && sub > done.sub;
    done = undefined;
    return true;
  }

  function openNext(): void {
    const found = readRecord(nativeOf(records[opened] as RecordSource), form);
    opened += 1;
    messages = done === undefined ? found : found.filter(isNew);
    taken = 0;
    if (opened < records.length) return;
    records = [];
    opened = 0;
  }

  return {
    put(more) {
      records = opened === records.length ? more : [...records.slice(opened), ...more];
      opened = 0;
    },
    take(max) {
      const found: ReadMessage[] = [];
      while (found.length < max) {
        const message = messages[taken];
        if (message !== undefined) {
          found.push(message);
          taken += 1;
        } else if (records.length > 0) openNext();
        else break;
      }
      return found;
    },
    get size() {
      return messages.length - taken + records.length - opened;
    },
  };
}
