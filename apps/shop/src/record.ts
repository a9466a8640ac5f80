import { count, type LedgerEntry } from './ledger-entry.ts';
import type { Ledger } from './ledger.ts';
import type { Message, Tally } from './tally.ts';

/** What happens to the messages of one run: counted at once, and written down before anyone relies on it. */
export interface RunRecord extends Pick<
  Tally,
  'isPublished' | 'isHandled' | 'totals' | 'deliveredTo'
> {
  readonly run: string;
  /** Before the publish: resolves when the process may die without the intention being forgotten. */
  intend(messages: readonly Message[]): Promise<void>;
  /** After the publish. Nobody waits for it: at worst a message is published again with the same id. */
  confirm(ids: readonly string[]): void;
  /** Before the ack: resolves when the process may die without the message being counted as lost. */
  handled(message: Message, group: string): Promise<void>;
  deadLettered(id: string, group: string): void;
}

export interface RecordOptions {
  readonly tally: Tally;
  readonly ledger: Ledger;
  /** After each change of the totals. */
  readonly onChange: () => void;
  /** The ledger cannot be written any more. */
  readonly onBroken: (error: unknown) => void;
}

export function createRecord({ tally, ledger, onChange, onBroken }: RecordOptions): RunRecord {
  function write(entries: readonly LedgerEntry[]): Promise<void> {
    for (const entry of entries) count(tally, entry);
    onChange();
    const written = ledger.append(entries);
    written.catch(onBroken);
    return written;
  }

  return {
    run: ledger.run,
    isPublished: tally.isPublished,
    isHandled: tally.isHandled,
    totals: tally.totals,
    deliveredTo: tally.deliveredTo,
    intend: (messages) =>
      write(
        messages
          .filter(({ id }) => !tally.isIntended(id))
          .map((message) => ({ type: 'intent', ...message })),
      ),
    confirm(ids) {
      void write(ids.map((id) => ({ type: 'confirmed', id })));
    },
    handled: (message, group) => write([{ type: 'handled', group, ...message }]),
    deadLettered(id, group) {
      if (tally.isIntended(id)) void write([{ type: 'dead-lettered', group, id }]);
    },
  };
}
