import type { FirehoseRequest } from './request.ts';

/** What became of a record: `open` will be handed out when its request comes again. */
export type Standing = 'open' | 'acked' | 'rejected';

/** A request, over all the times that it comes. */
export interface Remembered {
  /** How often its records were handed out before. */
  readonly attempts: number;
  standingOf(index: number): Standing;
  settle(index: number, standing: Standing): void;
}

/**
 * What was done of the last requests, so that nothing of them is handed out again once it is acked. Bounded: of a request
 * that was forgotten all comes again.
 */
export interface RequestMemory {
  /** Does `work` on a request; one that comes while the same is worked on has that work's result. */
  during<T>(request: FirehoseRequest, work: (remembered: Remembered) => Promise<T>): Promise<T>;
}

interface Entry {
  attempts: number;
  /** Undefined once all are acked. */
  standings: Uint8Array | undefined;
  work: Promise<unknown> | undefined;
}

const standings: readonly Standing[] = ['open', 'acked', 'rejected'];

export function createRequestMemory(most: number): RequestMemory {
  const entries = new Map<string, Entry>();

  /** The newest is last. */
  function entryOf({ sourceArn = '', requestId, digest, records }: FirehoseRequest): Entry {
    const name = JSON.stringify([sourceArn, requestId, digest]);
    const known = entries.get(name);
    const entry = known ?? {
      attempts: 0,
      standings: new Uint8Array(records.length),
      work: undefined,
    };
    entries.delete(name);
    entries.set(name, entry);
    if (known === undefined) forget();
    return entry;
  }

  function forget(): void {
    for (const [name, { work }] of entries) {
      if (entries.size <= most) return;
      if (work === undefined) entries.delete(name);
    }
  }

  async function workOn<T>(entry: Entry, work: (remembered: Remembered) => Promise<T>): Promise<T> {
    const remembered: Remembered = {
      attempts: entry.attempts,
      standingOf: (index) => standings[entry.standings?.[index] ?? 1] ?? 'open',
      settle(index, standing) {
        entry.standings?.fill(standings.indexOf(standing), index, index + 1);
      },
    };
    try {
      return await work(remembered);
    } finally {
      entry.attempts += 1;
      entry.work = undefined;
      if (entry.standings?.every((standing) => standing === 1) === true)
        entry.standings = undefined;
    }
  }

  return {
    during<T>(request: FirehoseRequest, work: (remembered: Remembered) => Promise<T>): Promise<T> {
      const entry = entryOf(request);
      entry.work ??= workOn(entry, work);
      return entry.work as Promise<T>;
    },
  };
}
