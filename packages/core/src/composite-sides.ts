import { IntermodalError } from './error.ts';

/** Something for each of the two sides of a composite. */
export interface Sides<T> {
  readonly first: T;
  readonly second: T;
}

export type Side = keyof Sides<unknown>;

export const sideNames: readonly Side[] = ['first', 'second'];

const prefixes: Sides<string> = { first: '1:', second: '2:' };

/** Names of lanes and positions for which the two sides never collide. */
export function sidedName(side: Side, name: string): string {
  return `${prefixes[side]}${name}`;
}

/** Undoes `sidedName`. */
export function unsidedName(name: string): { readonly side: Side; readonly name: string } {
  const side = name.startsWith(prefixes.first) ? 'first' : 'second';
  return { side, name: name.slice(prefixes[side].length) };
}

/** Opens both, or neither. */
export async function openBoth<T>(
  open: (side: Side) => Promise<T>,
  discard: (opened: T) => Promise<unknown>,
): Promise<Sides<T>> {
  const [first, second] = await Promise.allSettled([open('first'), open('second')]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') {
    return { first: first.value, second: second.value };
  }
  const opened = [first, second].filter((result) => result.status === 'fulfilled');
  await Promise.allSettled(opened.map(({ value }) => discard(value)));
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
}

/** Runs `work` for both and waits for both, then throws what the first failure threw. */
export async function doBoth<T>(work: (side: Side) => Promise<T>): Promise<Sides<T>> {
  return openBoth(work, () => Promise.resolve());
}

/** One of a batch on its way to one side. */
export interface Routed<E> {
  readonly side: Side;
  readonly entry: E;
}

/**
 * Splits a batch by side, runs `call` for each side that has entries, and puts the outcomes back in order. An entry
 * without a side, or without an answer, gets `other`.
 */
export async function bySide<E, O>(
  batch: readonly (Routed<E> | undefined)[],
  call: (side: Side, entries: readonly E[]) => Promise<readonly O[]>,
  other: (why: IntermodalError | undefined) => O,
): Promise<readonly O[]> {
  const outcomes = batch.map((routed) => (routed === undefined ? other(undefined) : undefined));
  const calls = sideNames.map(async (side) => {
    const places: number[] = [];
    const entries: E[] = [];
    for (const [place, routed] of batch.entries()) {
      if (routed?.side !== side) continue;
      places.push(place);
      entries.push(routed.entry);
    }
    if (entries.length === 0) return;
    const answers = await answersOf(() => call(side, entries), other);
    for (const [at, place] of places.entries()) outcomes[place] = answers(at);
  });
  await Promise.all(calls);
  const unanswered = new IntermodalError(
    'unknown',
    'a driver gave no outcome for an entry of a batch',
  );
  return outcomes.map((outcome) => outcome ?? other(unanswered));
}

/** The answer to each entry; where the call threw, that is the answer to all. */
async function answersOf<O>(
  call: () => Promise<readonly O[]>,
  other: (why: IntermodalError) => O,
): Promise<(at: number) => O | undefined> {
  try {
    const answers = await call();
    return (at) => answers[at];
  } catch (error) {
    const thrown = IntermodalError.from(error);
    return () => other(thrown);
  }
}
