import type { Capabilities } from './capabilities.ts';

/** From the weakest to the strongest promise of each fact that two transports can keep together. */
const ranks = {
  receive: [false, true],
  groups: ['none', 'single', 'many'],
  order: ['none', 'key'],
  isolation: ['none', 'window', 'key'],
  settle: ['none', 'message', 'watermark'],
  duplicates: ['possible', 'on-fault'],
  durable: [false, true],
  ackConfirmed: [false, true],
  attempts: ['local', 'broker'],
  release: ['none', 'by-closing', 'counted', 'free'],
  retry: ['local', 'immediate', 'delayed'],
  lease: [false, true],
  delay: [false, true],
  ttl: [false, true],
  // Two brokers do not know what waits at the other one.
  priority: [false],
  dedupe: [false, true],
  replay: [false, true],
  headers: ['envelope', 'native'],
} as const;

type Ranks = typeof ranks;

/** The first of the ranks that is one of the two. */
type FirstOf<R, A, B> = R extends readonly [infer Only]
  ? Only
  : R extends readonly [infer First, ...infer Rest]
    ? First extends A | B
      ? First
      : FirstOf<Rest, A, B>
    : never;

/** Each pair of members of the two unions has its own weaker one. */
type Weaker<R, A, B> = A extends unknown ? (B extends unknown ? FirstOf<R, A, B> : never) : never;

/** What two transports can do together, fact by fact; literals stay literals. */
export type Both<A extends Capabilities, B extends Capabilities> = {
  readonly [K in keyof Ranks]: Weaker<Ranks[K], A[K], B[K]>;
} & Pick<Capabilities, 'members'> extends infer C extends Capabilities
  ? C
  : never;

export function bothCapabilities<A extends Capabilities, B extends Capabilities>(
  first: A,
  second: B,
): Both<A, B> {
  const names = Object.keys(ranks) as (keyof Ranks)[];
  const facts = names.map((name) => [name, weaker(ranks[name], first[name], second[name])]);
  const members = first.members ?? second.members;
  if (members !== undefined) facts.push(['members', members]);
  return Object.fromEntries(facts) as Both<A, B>;
}

function weaker(of: readonly unknown[], one: unknown, other: unknown): unknown {
  return of.find((fact) => fact === one || fact === other) ?? of.at(-1);
}
