import type { AwsBroker } from '@intermodal/brokers';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkFilter } from '../src/filter/check-policy.ts';
import { matchesFilter, type SnsFilter } from '../src/index.ts';
import { type Ability, attributeFilters, bodyFilters, messages } from './filter-arbitraries.ts';
import { deliveredBy } from './filter-lab.ts';

const abilities: Readonly<Partial<Record<AwsBroker, Ability>>> = {
  fauxqs: { patterns: true, lists: false, alternativesInBodies: true },
  moto: { patterns: false, lists: false, alternativesInBodies: false },
};

/** Others can be tried: it is fixed so that a change of an emulator, and nothing else, can fail this. */
const seed = Number(process.env['INTERMODAL_SEED'] ?? 2026);

/** moto multiplies alternatives where SNS adds them, and refuses what comes to too much. */
function combinationsOfMoto(policy: object, depth = 1): number {
  return Object.entries(policy).reduce((product, [name, value]: [string, unknown]) => {
    if (!Array.isArray(value)) return product * combinationsOfMoto(value as object, depth + 1);
    const list = value as readonly object[];
    const inner = name === '$or' ? list.map((one) => combinationsOfMoto(one, depth + 1)) : [];
    return inner.reduce((all, one) => all * one, product * list.length * depth);
  }, 1);
}

function isTaken(filter: SnsFilter): boolean {
  if (combinationsOfMoto(filter.policy) > 150) return false;
  try {
    checkFilter(filter, 'a generated filter');
    return true;
  } catch {
    return false;
  }
}

const cases = Object.entries(abilities).flatMap(([broker, ability]) =>
  (['attributes', 'body'] as const).map((scope) => ({
    broker: broker as AwsBroker,
    ability,
    scope,
  })),
);

test.each(cases)(
  'generated filters of $scope let through what $broker lets through',
  async ({ broker, ability, scope }) => {
    const filters = scope === 'attributes' ? attributeFilters(ability) : bodyFilters(ability);
    const some = fc.sample(filters.filter(isTaken), { numRuns: 50, seed });
    const sent = fc.sample(messages(ability), { numRuns: 40, seed });
    const delivered = await deliveredBy(broker, some, sent);
    for (const [index, filter] of some.entries()) {
      const expected = [...sent.keys()].filter((at) => matchesFilter(filter, sent[at]!));
      expect(delivered[index], `seed ${seed}: ${JSON.stringify(filter)}`).toEqual(expected);
    }
    const all = delivered.flat().length;
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThan(some.length * sent.length);
  },
  240_000,
);
