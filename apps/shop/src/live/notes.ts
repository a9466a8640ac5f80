import type { Note } from './snapshot.ts';

/** What the person at the page is told, the latest last; the same sentence in a row is told once a second at most. */
export interface Notes {
  readonly add: (text: string) => void;
  readonly latest: readonly Note[];
}

const most = 40;
const againMs = 1_000;

export function createNotes(): Notes {
  let latest: readonly Note[] = [];
  let id = 0;
  return {
    get latest() {
      return latest;
    },
    add(text) {
      const last = latest.at(-1);
      const at = Date.now();
      if (last?.text === text && at - last.at < againMs) return;
      id += 1;
      latest = [...latest, { id, at, text }].slice(-most);
    },
  };
}
