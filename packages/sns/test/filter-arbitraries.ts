import * as fc from 'fast-check';
import {
  attributeFilter,
  bodyFilter,
  type LooseAttributePolicy,
  type LooseBodyPolicy,
  type SnsCondition,
  type SnsFilter,
} from '../src/index.ts';
import type { LabMessage } from './filter-lab.ts';

/** What an emulator evaluates as SNS does; the rest is in `filter-faults.test.ts` and docs/emulators.md. */
export interface Ability {
  /** `wildcard`, `cidr`, and what `anything-but` may hold besides values and `prefix`. */
  readonly patterns: boolean;
  /** Attributes of the type String.Array, and lists in bodies. */
  readonly lists: boolean;
  /** Alternatives in policies for bodies. */
  readonly alternativesInBodies: boolean;
}

const words = ['red', 'green', 'blue', 'reddish', 'RED', '10.0.0.7', '10.0.1.7'] as const;
const numbers = [-5, 0, 1, 2.5, 100] as const;
const texts = ['colour', 'shade'] as const;
const amounts = ['price', 'count'] as const;

const word = fc.constantFrom(...words);
const number = fc.constantFrom(...numbers);

/** Of names that hold text in every message. */
function ofText({ patterns }: Ability): fc.Arbitrary<SnsCondition> {
  const everywhere: fc.Arbitrary<SnsCondition>[] = [
    word,
    fc.record({ prefix: fc.constantFrom('re', 'gr', '10.') }),
    fc.record({ suffix: fc.constantFrom('d', 'ish', '7') }),
    fc.record({ 'equals-ignore-case': fc.constantFrom('red', 'blue') }),
    fc.record({ 'anything-but': fc.array(word, { minLength: 1, maxLength: 3 }) }),
    fc.record({ 'anything-but': fc.record({ prefix: fc.constantFrom('re', 'b') }) }),
  ];
  if (!patterns) return fc.oneof(...everywhere);
  return fc.oneof(
    ...everywhere,
    fc.record({ wildcard: fc.constantFrom('r*', '*e*', 'b*e', '*.7') }),
    fc.record({ cidr: fc.constantFrom('10.0.0.0/24', '10.0.0.0/8', '11.0.0.0/8') }),
    fc.record({ 'anything-but': fc.record({ suffix: fc.constantFrom('d', 'n') }) }),
    fc.record({ 'anything-but': fc.record({ wildcard: fc.constantFrom('r*h', '*') }) }),
  );
}

const ofNumbers: fc.Arbitrary<SnsCondition> = fc.oneof(
  number,
  fc
    .tuple(fc.constantFrom('=', '<', '<=', '>', '>='), number)
    .map(([operator, limit]) => ({ numeric: [operator, limit] as const })),
  fc
    .tuple(fc.constantFrom('>', '>='), fc.constantFrom(-6, 0), fc.constantFrom('<', '<='), number)
    .filter(([, from, , to]) => from < to)
    .map((range) => ({ numeric: range })),
  fc.record({ 'anything-but': fc.array(number, { minLength: 1, maxLength: 2 }) }),
);

/** Alone in its list: emulators look no further once a name is missing. */
const presence: fc.Arbitrary<readonly SnsCondition[]> = fc
  .boolean()
  .map((exists) => [{ exists }] as const);

type Conditions = Readonly<Record<string, readonly SnsCondition[]>>;

function conditions(ability: Ability): fc.Arbitrary<Conditions> {
  const several = (one: fc.Arbitrary<SnsCondition>): fc.Arbitrary<readonly SnsCondition[]> =>
    fc.oneof({ weight: 5, arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }) }, presence);
  return fc
    .record(
      {
        ...Object.fromEntries(texts.map((name) => [name, several(ofText(ability))])),
        ...Object.fromEntries(amounts.map((name) => [name, several(ofNumbers)])),
        ...(ability.lists ? { tags: several(ofText(ability)) } : {}),
      },
      { requiredKeys: [] },
    )
    .filter((policy) => Object.keys(policy).length > 0);
}

function withAlternatives(plain: fc.Arbitrary<Conditions>): fc.Arbitrary<LooseAttributePolicy> {
  const alternatives = fc.array(plain, { minLength: 2, maxLength: 2 });
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    fc.tuple(plain, alternatives).map(([policy, $or]) => ({ ...policy, $or })),
  );
}

export function attributeFilters(ability: Ability): fc.Arbitrary<SnsFilter> {
  return withAlternatives(conditions(ability)).map((policy) => attributeFilter(policy));
}

export function bodyFilters(ability: Ability): fc.Arbitrary<SnsFilter> {
  const plain = conditions(ability);
  const level = ability.alternativesInBodies ? withAlternatives(plain) : plain;
  const nested = fc
    .tuple(level, fc.option(plain, { nil: undefined }))
    .map(([policy, inner]) => (inner === undefined ? policy : { ...policy, inner }));
  return nested.map((policy) => bodyFilter(policy as LooseBodyPolicy));
}

/** The members of a message, from which its attributes or its body are made. */
interface Members {
  readonly [name: string]: string | number | readonly string[];
}

function members({ lists }: Ability): fc.Arbitrary<Members> {
  return fc.record(
    {
      ...Object.fromEntries(texts.map((name) => [name, word])),
      ...Object.fromEntries(amounts.map((name) => [name, number])),
      ...(lists ? { tags: fc.array(word, { minLength: 1, maxLength: 3 }) } : {}),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Members>;
}

export function messages(ability: Ability): fc.Arbitrary<LabMessage> {
  return fc
    .tuple(members(ability), members(ability), fc.boolean())
    .map(([top, inner, hasInner]) => ({
      body: JSON.stringify(hasInner ? { ...top, inner } : top),
      attributes: Object.fromEntries(
        Object.entries(top).map(([name, value]) => [name, attributeOf(value)]),
      ),
    }));
}

function attributeOf(value: Members[string]): { DataType: string; StringValue: string } {
  if (typeof value === 'string') return { DataType: 'String', StringValue: value };
  if (typeof value === 'number') return { DataType: 'Number', StringValue: String(value) };
  return { DataType: 'String.Array', StringValue: JSON.stringify(value) };
}
