/** Writes that wait for one another: what is added while one is under way goes out together as the next. */
export interface Batches {
  /** Resolves once the text, and all that was added before it, is written. Rejects once a write has failed. */
  add(text: string): Promise<void>;
  /** Resolves when nothing is being written. Never rejects. */
  idle(): Promise<void>;
}

export function createBatches(write: (text: string) => Promise<void>): Batches {
  let last: Promise<void> = Promise.resolve();
  let next: { text: string; readonly written: Promise<void> } | undefined;

  return {
    add(text) {
      if (next !== undefined) {
        next.text += text;
        return next.written;
      }
      const batch = { text, written: Promise.resolve() };
      // A failed write fails all that follow: after a gap the rest of a ledger would be worth nothing.
      batch.written = last.then(() => {
        next = undefined;
        return write(batch.text);
      });
      next = batch;
      last = batch.written;
      return batch.written;
    },
    async idle() {
      await last.catch(() => undefined);
    },
  };
}
