/** Something with at most one time at which it is due. */
export interface Timed {
  /** Set by the heap. */
  dueAt: number;
  /** Its place in the heap; -1 outside. Set by the heap. */
  slot: number;
}

/** A binary heap that knows where each item is, so that a deadline moves or goes in O(log n) and leaves nothing behind. */
export interface Deadlines<T extends Timed> {
  readonly first: T | undefined;
  /** `Infinity` takes it out. */
  set(item: T, dueAt: number): void;
}

export function createDeadlines<T extends Timed>(): Deadlines<T> {
  const heap: T[] = [];

  function put(item: T, slot: number): void {
    heap[slot] = item;
    item.slot = slot;
  }

  function sift(item: T, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = heap[(slot - 1) >> 1] as T;
      if (above.dueAt <= item.dueAt) break;
      put(above, slot);
      slot = (slot - 1) >> 1;
    }
    for (let below = earlierBelow(slot); below > 0; below = earlierBelow(slot)) {
      const child = heap[below] as T;
      if (child.dueAt >= item.dueAt) break;
      put(child, slot);
      slot = below;
    }
    put(item, slot);
  }

  /** The earlier of the two below `slot`; 0 where there is none. */
  function earlierBelow(slot: number): number {
    const left = 2 * slot + 1;
    const item = heap[left];
    const other = heap[left + 1];
    if (item === undefined) return 0;
    return other !== undefined && other.dueAt < item.dueAt ? left + 1 : left;
  }

  return {
    get first() {
      return heap[0];
    },
    set(item, dueAt) {
      const { slot } = item;
      item.dueAt = dueAt;
      if (dueAt !== Infinity) {
        sift(item, slot < 0 ? heap.length : slot);
        return;
      }
      if (slot < 0) return;
      item.slot = -1;
      const last = heap.pop() as T;
      if (last !== item) sift(last, slot);
    },
  };
}
