import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { fakeDriver, plainCapabilities } from '../test/support/fake-driver.ts';
import type { Capabilities } from './capabilities.ts';
import { type Both, bothCapabilities } from './composite-capabilities.ts';
import { compositeTransport } from './composite.ts';

const anyCapabilities: fc.Arbitrary<Capabilities> = fc.record({
  receive: fc.boolean(),
  groups: fc.constantFrom('none', 'single', 'many'),
  order: fc.constantFrom('none', 'key'),
  isolation: fc.constantFrom('key', 'window', 'none'),
  settle: fc.constantFrom('message', 'watermark', 'none'),
  duplicates: fc.constantFrom('possible', 'on-fault'),
  durable: fc.boolean(),
  ackConfirmed: fc.boolean(),
  attempts: fc.constantFrom('broker', 'local'),
  release: fc.constantFrom('free', 'counted', 'by-closing', 'none'),
  retry: fc.constantFrom('delayed', 'immediate', 'local'),
  lease: fc.boolean(),
  delay: fc.boolean(),
  ttl: fc.boolean(),
  priority: fc.boolean(),
  dedupe: fc.boolean(),
  replay: fc.boolean(),
  headers: fc.constantFrom('native', 'envelope'),
});

describe('bothCapabilities', () => {
  test('takes the weaker of each', () => {
    const one = {
      ...plainCapabilities,
      groups: 'single',
      delay: false,
      release: 'counted',
    } as const;
    const other = {
      ...plainCapabilities,
      order: 'none',
      isolation: 'none',
      duplicates: 'possible',
      attempts: 'local',
      release: 'by-closing',
      retry: 'immediate',
      headers: 'envelope',
    } as const;
    expect(bothCapabilities(one, other)).toEqual({
      ...plainCapabilities,
      groups: 'single',
      order: 'none',
      isolation: 'none',
      duplicates: 'possible',
      attempts: 'local',
      release: 'by-closing',
      retry: 'immediate',
      delay: false,
      priority: false,
      headers: 'envelope',
    });
  });

  test('a group has one member where one of the two allows no more', () => {
    const one = { ...plainCapabilities, members: 'one' } as const;
    expect(bothCapabilities(plainCapabilities, one).members).toBe('one');
    expect(bothCapabilities(one, plainCapabilities).members).toBe('one');
    expect(bothCapabilities(plainCapabilities, plainCapabilities)).not.toHaveProperty('members');
  });

  test('claims nothing that one of the two does not, whichever comes first', () => {
    fc.assert(
      fc.property(anyCapabilities, anyCapabilities, (one, other) => {
        const both: Capabilities = bothCapabilities(one, other);
        expect(bothCapabilities(other, one)).toEqual(both);
        expect(bothCapabilities(one, one)).toEqual({ ...one, priority: false });
        expect(bothCapabilities(both, one)).toEqual(both);
        expect(both.priority).toBe(false);
        const all = Object.keys(one) as (keyof Capabilities)[];
        const names = all.filter((name) => name !== 'priority');
        for (const name of names) expect([one[name], other[name]]).toContain(both[name]);
        const flags = names.filter((name) => typeof one[name] === 'boolean');
        expect(flags.map((name) => both[name])).toEqual(
          flags.map((name) => one[name] && other[name]),
        );
      }),
    );
  });

  test('has the fact as a literal type too', () => {
    type Plain = typeof plainCapabilities;
    type Made = Both<
      Plain & { readonly extra: 1 },
      Omit<Plain, 'delay' | 'groups' | 'order'> & {
        readonly delay: false;
        readonly groups: 'single';
        readonly order: 'none';
      }
    >;
    expectTypeOf<Made['delay']>().toEqualTypeOf<false>();
    expectTypeOf<Made['ttl']>().toEqualTypeOf<true>();
    expectTypeOf<Made['groups']>().toEqualTypeOf<'single'>();
    expectTypeOf<Made['order']>().toEqualTypeOf<'none'>();
    expectTypeOf<Made['retry']>().toEqualTypeOf<'delayed'>();
    expectTypeOf<Made>().toExtend<Capabilities>();
  });

  test('a wide fact stays wide unless the other one decides it', () => {
    type Wide = Both<Capabilities, typeof plainCapabilities>;
    expectTypeOf<Wide['delay']>().toEqualTypeOf<boolean>();
    expectTypeOf<Wide['groups']>().toEqualTypeOf<'none' | 'single' | 'many'>();
    type Without = Both<
      Capabilities,
      Omit<typeof plainCapabilities, 'delay'> & { readonly delay: false }
    >;
    expectTypeOf<Without['delay']>().toEqualTypeOf<false>();
    expectTypeOf<Wide['priority']>().toEqualTypeOf<false>();
    expectTypeOf<Both<Capabilities, Capabilities>>().toExtend<Capabilities>();
  });

  test('a composite has the type of both', () => {
    const first = fakeDriver('one', plainCapabilities);
    const second = fakeDriver('two', { ...plainCapabilities, delay: false } as const);
    const composite = compositeTransport({ first, second, side: () => 'first' });
    expectTypeOf(composite.capabilities.delay).toEqualTypeOf<false>();
    expectTypeOf(composite.capabilities.order).toEqualTypeOf<'key'>();
    expect(composite.capabilities.delay).toBe(false);
  });
});
