/** What a worker wrote down, one line each. */
export type Entry =
  | { readonly kind: 'confirmed' | 'seen'; readonly key: string; readonly n: number }
  | { readonly kind: 'refused'; readonly code: string };

export interface Totals {
  readonly confirmed: number;
  /** Confirmed and seen by nobody, as `key/n`. */
  readonly lost: readonly string[];
  /** Seen again: by another consumer, by the same one, or since its publisher did not know whether it had arrived. */
  readonly repeated: number;
  /** Seen for the first time while an earlier one of its key had not been. */
  readonly overtakes: readonly string[];
  /** Publishes that were rejected and made anew, by the error's code. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Of each key, numbers from 0 on: what was confirmed, and what was seen in which order. */
export interface Ledger {
  enter(entry: Entry): void;
  readonly confirmed: number;
  /** The first number of the key that is not confirmed. */
  nextOf(key: string): number;
  readonly missing: number;
  totals(): Totals;
}

interface Key {
  readonly confirmed: Set<number>;
  readonly seen: Set<number>;
  next: number;
}

export function createLedger(): Ledger {
  const keys = new Map<string, Key>();
  const overtakes: string[] = [];
  const refused = new Map<string, number>();
  let repeated = 0;
  let confirmed = 0;
  let missing = 0;

  function keyOf(name: string): Key {
    const found = keys.get(name) ?? { confirmed: new Set(), seen: new Set(), next: 0 };
    keys.set(name, found);
    return found;
  }

  function see(name: string, n: number): void {
    const key = keyOf(name);
    if (key.seen.has(n)) {
      repeated += 1;
      return;
    }
    key.seen.add(n);
    if (key.confirmed.has(n)) missing -= 1;
    // A repeat begins again from an earlier one; what is new comes in order.
    if (n > key.next) overtakes.push(`${name}/${n} before ${key.next}`);
    while (key.seen.has(key.next)) key.next += 1;
  }

  return {
    enter(entry) {
      if (entry.kind === 'refused') {
        refused.set(entry.code, (refused.get(entry.code) ?? 0) + 1);
        return;
      }
      if (entry.kind === 'seen') {
        see(entry.key, entry.n);
        return;
      }
      const key = keyOf(entry.key);
      if (key.confirmed.has(entry.n)) return;
      key.confirmed.add(entry.n);
      confirmed += 1;
      if (!key.seen.has(entry.n)) missing += 1;
    },
    get confirmed() {
      return confirmed;
    },
    get missing() {
      return missing;
    },
    nextOf: (name) => keyOf(name).confirmed.size,
    totals: () => ({
      confirmed,
      repeated,
      overtakes,
      refused,
      lost: [...keys].flatMap(([name, key]) =>
        [...key.confirmed].filter((n) => !key.seen.has(n)).map((n) => `${name}/${n}`),
      ),
    }),
  };
}

/** For people, in one line. */
export function totalsLine({ confirmed, lost, repeated, overtakes, refused }: Totals): string {
  const codes = [...refused].map(([code, count]) => `${count} ${code}`).join(', ');
  return [
    `${confirmed.toLocaleString('en')} confirmed`,
    `${lost.length} lost`,
    `${repeated} repeated`,
    `${overtakes.length} out of order`,
    `refused: ${codes === '' ? 'none' : codes}`,
  ].join(', ');
}
