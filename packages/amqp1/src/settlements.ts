import type { Delivery } from 'rhea';

/** What the broker is told of a delivery. */
export type Outcome = 'accepted' | 'released' | 'modified';

/** Writes outcomes. */
export interface Settlements {
  write(delivery: Delivery, outcome: Outcome): void;
  /** Resolves when all are with rhea. */
  written(): Promise<void>;
}

/**
 * One kind of outcome for each turn: of neighbours that are settled in one turn rhea compares only from the third on, so that
 * the second would get the outcome of the first. A released one would be accepted, and lost.
 */
export function createSettlements(): Settlements {
  let current: Outcome | undefined;
  let waiting: (readonly [Delivery, Outcome])[] = [];
  let onWritten: (() => void)[] = [];

  function tell(delivery: Delivery, outcome: Outcome): void {
    switch (outcome) {
      case 'accepted':
        delivery.accept();
        break;
      case 'released':
        delivery.release();
        break;
      case 'modified':
        delivery.modified({ delivery_failed: true });
        break;
    }
  }

  function next(): void {
    current = undefined;
    const left = waiting;
    waiting = [];
    for (const [delivery, outcome] of left) write(delivery, outcome);
    if (waiting.length > 0) return;
    for (const resolve of onWritten.splice(0)) resolve();
  }

  function write(delivery: Delivery, outcome: Outcome): void {
    // What waits must not be overtaken by its own neighbours either.
    if (waiting.length > 0 || (current !== undefined && current !== outcome)) {
      waiting.push([delivery, outcome]);
      return;
    }
    tell(delivery, outcome);
    if (current !== undefined) return;
    current = outcome;
    // Behind rhea's own, which has just been asked for.
    process.nextTick(next);
  }

  return {
    write,
    async written() {
      if (waiting.length === 0) return;
      await new Promise<void>((resolve) => {
        onWritten = [...onWritten, resolve];
      });
    },
  };
}
