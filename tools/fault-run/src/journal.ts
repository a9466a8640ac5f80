import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Entry } from './ledger.ts';

/**
 * A file to which several processes append: what one of them wrote before something else, stands before it, and a process
 * that is killed has written what it says.
 */
export interface JournalWriter {
  write(entry: Entry): void;
}

export function appendTo(file: string): JournalWriter {
  const handle = openSync(file, 'a');
  return {
    write(entry) {
      writeSync(handle, `${JSON.stringify(entry)}\n`);
    },
  };
}

export interface JournalReader {
  /** What was written since. */
  read(): readonly Entry[];
  close(): void;
}

export function readFrom(file: string): JournalReader {
  const handle = openSync(file, 'a+');
  const chunk = Buffer.alloc(65_536);
  let position = 0;
  let rest = '';
  return {
    read() {
      const entries: Entry[] = [];
      for (;;) {
        const length = readSync(handle, chunk, 0, chunk.length, position);
        if (length === 0) return entries;
        position += length;
        const lines = (rest + chunk.toString('utf8', 0, length)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) entries.push(JSON.parse(line) as Entry);
      }
    },
    close() {
      closeSync(handle);
    },
  };
}
