import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTally, type Message, type Tally } from './tally.ts';

const groupsOf = (channel: string): readonly string[] =>
  channel === 'events' ? ['billing', 'analytics'] : [channel];

function message(sequence: number, channel = 'events'): Message {
  return { id: `${channel}/${sequence}`, channel, customer: 'c', sequence, step: 0 };
}

function intended(tally: Tally, ...messages: readonly Message[]): void {
  for (const each of messages) {
    tally.intend(each);
    tally.confirm(each.id);
  }
}

test('what is written off is missing, and no longer when it comes after all', () => {
  let ms = 0;
  const tally = createTally(groupsOf, { now: () => ms });
  intended(tally, message(1));
  ms = 10;
  intended(tally, message(2));
  tally.handle(message(1), 'billing');
  expect(tally.writeOff(10)).toBe(1);
  expect(tally.writeOff(10)).toBe(0);
  expect(tally.totals()).toMatchObject({ outstanding: 2, lost: 3 });
  expect(tally.afterthoughts().missing).toBe(1);
  expect(tally.readers.get('events/analytics')?.outstanding).toBe(1);

  tally.handle(message(1), 'analytics');
  expect(tally.afterthoughts().missing).toBe(0);
  expect(tally.totals()).toMatchObject({ outstanding: 2, lost: 2 });
});

test('what is in the dead letters is not written off', () => {
  const tally = createTally(groupsOf);
  intended(tally, message(1));
  tally.deadLetter('events/1', 'billing');
  expect(tally.writeOff(Infinity)).toBe(1);
  expect(tally.readers.get('events/billing')).toEqual({ outstanding: 0, deadLettered: 1 });
  tally.handle(message(1), 'billing');
  expect(tally.readers.get('events/billing')).toEqual({ outstanding: 0, deadLettered: 0 });
});

test('what was overtaken in the dead letters is told apart', () => {
  const tally = createTally(groupsOf);
  intended(tally, message(1), message(2));
  tally.deadLetter('events/1', 'billing');
  tally.handle(message(2), 'billing');
  tally.handle(message(1), 'billing');
  expect(tally.totals().outOfOrder).toBe(1);
  expect(tally.afterthoughts().overtakenInDeadLetters).toBe(1);
});

test('only what is done is forgotten, and comes it again, it is a repeat', () => {
  const tally = createTally(groupsOf, { remembered: 2 });
  const all = [1, 2, 3, 4, 5].map((sequence) => message(sequence));
  intended(tally, ...all);
  for (const each of all) {
    if (each.sequence !== 1) tally.handle(each, 'analytics');
    tally.handle(each, 'billing');
  }
  expect(tally.isIntended('events/2')).toBe(false);
  expect(tally.isIntended('events/1')).toBe(true);
  expect(tally.isHandled('events/2', 'billing')).toBe(true);
  expect(tally.isHandled('events/1', 'analytics')).toBe(false);
  expect(tally.handle(message(2), 'billing')).toBe('repeat');
  expect(tally.handle(message(1), 'analytics')).toBe('first');
  expect(tally.totals()).toMatchObject({ delivered: 10, lost: 0, repeated: 1, outstanding: 0 });
});

test('the groups of a channel may change, as with another transport', () => {
  let groups = ['billing', 'analytics'];
  const tally = createTally(() => groups);
  intended(tally, message(1));
  groups = ['billing'];
  intended(tally, message(2));
  expect(tally.totals().outstanding).toBe(3);
  tally.handle(message(2), 'billing');
  expect(tally.totals()).toMatchObject({ delivered: 1, outstanding: 2 });
  expect(tally.readers.get('events/billing')?.outstanding).toBe(1);
});

type Step = readonly ['intend' | 'billing' | 'analytics' | 'bury' | 'write off', number];

test('whatever happens, what the readers wait for adds up', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom<Step[0]>('intend', 'billing', 'analytics', 'bury', 'write off'),
      fc.nat(6),
    ),
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const tally = createTally(groupsOf);
      for (const [what, sequence] of taken) {
        const each = message(sequence);
        if (what === 'intend') intended(tally, each);
        else if (what === 'bury') tally.deadLetter(each.id, 'billing');
        else if (what === 'write off') tally.writeOff(Infinity);
        else tally.handle(each, what);
      }
      const sum = (of: 'outstanding' | 'deadLettered'): number =>
        [...tally.readers.values()].reduce((total, reader) => total + reader[of], 0);
      const { outstanding, deadLettered, lost } = tally.totals();
      expect(sum('outstanding')).toBe(outstanding);
      expect(sum('deadLettered')).toBe(deadLettered);
      expect(lost).toBe(outstanding + deadLettered + tally.afterthoughts().missing);
    }),
  );
});
