import assert from 'node:assert/strict';
import type { TestDelivery } from './test-client.ts';
import type { Waiting } from './waiting.ts';

/** One call of a handler. */
export interface Seen {
  readonly id: string;
  readonly body: unknown;
  readonly key: string | undefined;
  readonly attempt: number;
  readonly redelivered: boolean;
  /** By the clock of the case. */
  readonly at: number;
  /** Which consumer, as the case names it. */
  readonly by: string;
  readonly delivery: TestDelivery;
}

export type Handler = (delivery: TestDelivery) => Promise<void> | void;

/** What handlers were given, in the order of their calls. */
export interface Journal {
  readonly seen: readonly Seen[];
  /** A handler that writes down what it gets, and then does `then`. */
  handler(then?: Handler, by?: string): Handler;
  add(delivery: TestDelivery, by?: string): void;
  ids(): readonly string[];
  /** Those that were seen more than once. */
  repeated(): readonly string[];
  /** Numbers `n` of bodies `{ n }`, in order. */
  numbers(): readonly number[];
  of(id: string): readonly Seen[];
  /** Whether it is seen for the first time: its attempt may be a later one, where giving back counts. */
  isFirst(delivery: TestDelivery): boolean;
  /** Waits until so many different messages were seen. */
  reaches(count: number): Promise<void>;
  /** Waits until each of the ids was seen. */
  covers(ids: readonly string[]): Promise<void>;
}

export function createJournal(waiting: Waiting): Journal {
  const seen: Seen[] = [];
  const byId = new Map<string, Seen[]>();

  function add(delivery: TestDelivery, by = 'consumer'): void {
    const { id, body, key, attempt, redelivered } = delivery;
    const entry = { id, body, key, attempt, redelivered, at: waiting.now(), by, delivery };
    seen.push(entry);
    const earlier = byId.get(id);
    if (earlier === undefined) byId.set(id, [entry]);
    else earlier.push(entry);
  }

  return {
    seen,
    add,
    ids: () => [...byId.keys()],
    handler: (then, by) => async (delivery) => {
      add(delivery, by);
      await then?.(delivery);
    },
    repeated: () => [...byId].filter(([, entries]) => entries.length > 1).map(([id]) => id),
    numbers: () => seen.map((entry) => numberOf(entry.body)),
    of: (id) => byId.get(id) ?? [],
    isFirst: ({ id }) => byId.get(id)?.length === 1,
    reaches: (count) =>
      waiting.eventually(
        `handlers saw ${count} different messages`,
        () => byId.size >= count,
        () => `they saw ${byId.size}`,
      ),
    covers: (wanted) =>
      waiting.eventually(
        `handlers saw each of ${wanted.length} messages`,
        () => wanted.every((id) => byId.has(id)),
        () => `${wanted.filter((id) => !byId.has(id)).length} never came`,
      ),
  };
}

/** The `n` of a body `{ n }`. */
export function numberOf(body: unknown): number {
  assert.ok(typeof body === 'object' && body !== null && 'n' in body, 'the body is not { n }');
  assert.ok(typeof body.n === 'number', 'the body is not { n }');
  return body.n;
}
