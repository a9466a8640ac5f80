/** What makes an object fit for a linked set; it is in one at a time. */
export interface Member<T> {
  before: T | undefined;
  after: T | undefined;
  listed: boolean;
}

/**
 * A set whose members carry its links. A `Set` that thousands go through each second is rebuilt all the time, and each
 * table that it leaves behind points to the next one: what an old table held then outlives its use by generations.
 */
export interface LinkedSet<T> extends Iterable<T> {
  readonly size: number;
  has(member: T): boolean;
  add(member: T): void;
  /** Whether it was there. */
  delete(member: T): boolean;
  /** In order of their coming, as it is now: what comes and goes meanwhile changes nothing. */
  [Symbol.iterator](): Iterator<T>;
}

export function createLinkedSet<T extends Member<T>>(): LinkedSet<T> {
  let first: T | undefined;
  let last: T | undefined;
  let size = 0;

  return {
    get size() {
      return size;
    },
    has: (member) => member.listed,
    add(member) {
      if (member.listed) return;
      member.listed = true;
      member.before = last;
      if (last === undefined) first = member;
      else last.after = member;
      last = member;
      size += 1;
    },
    delete(member) {
      if (!member.listed) return false;
      const { before, after } = member;
      if (before === undefined) first = after;
      else before.after = after;
      if (after === undefined) last = before;
      else after.before = before;
      member.before = undefined;
      member.after = undefined;
      member.listed = false;
      size -= 1;
      return true;
    },
    [Symbol.iterator]() {
      const members: T[] = [];
      for (let member = first; member !== undefined; member = member.after) members.push(member);
      return members.values();
    },
  };
}
