import type { Numbered } from './stream.ts';

/** What was published and what became of it. */
export interface Ledger {
  /** The next message of the key, taken down as published. */
  publish(key: string): Numbered;
  start(message: Numbered): void;
  done(message: Numbered): void;
  /** Its handler has returned. */
  end(message: Numbered): void;
  readonly published: number;
  readonly missing: readonly Numbered[];
  /** Messages that were done more than once, each time counted. */
  readonly repeats: number;
}

/** @param handlers of one key: an owner that was believed dead may still be at work */
export function createLedger(
  handlers: 'one-at-a-time' | 'may-overlap',
  violated: (text: string) => void,
  trace: (text: string) => void,
): Ledger {
  const counts = new Map<string, number>();
  const done = new Map<string, number>();
  const running = new Set<string>();
  const finished = new Set<string>();
  let published = 0;
  let calls = 0;

  return {
    publish(key) {
      const n = counts.get(key) ?? 0;
      counts.set(key, n + 1);
      published += 1;
      return { key, n };
    },
    start({ key, n }) {
      trace(`${key}/${n} begins`);
      if (handlers === 'one-at-a-time' && running.has(key))
        violated(`two handlers of ${key} at once`);
      running.add(key);
      const before = done.get(key) ?? 0;
      if (n > before) violated(`${key}/${n} was begun, and ${key}/${before} was not done`);
    },
    done({ key, n }) {
      trace(`${key}/${n} is done`);
      calls += 1;
      finished.add(`${key}/${n}`);
      done.set(key, Math.max(done.get(key) ?? 0, n + 1));
    },
    end({ key }) {
      running.delete(key);
    },
    get published() {
      return published;
    },
    get missing() {
      return [...counts].flatMap(([key, count]) => {
        const n = done.get(key) ?? 0;
        return n < count ? [{ key, n }] : [];
      });
    },
    get repeats() {
      return calls - finished.size;
    },
  };
}
