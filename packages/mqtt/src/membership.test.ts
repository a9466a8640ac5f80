import { createVirtualClock } from '@intermodal/core/testing';
import { expect, test } from 'vitest';
import { type End, watchMembership } from './membership.ts';

/** Two members that push each other out: how often each of them was before one gave up, and which. */
async function fight(
  firstAloneMs: number,
  how: End,
): Promise<{ readonly loser: string; readonly losses: number }> {
  const clock = createVirtualClock();
  const members = [
    { name: 'first', membership: watchMembership(clock) },
    { name: 'second', membership: watchMembership(clock) },
  ];
  members[0]?.membership.opened();
  await clock.advance(firstAloneMs);
  for (let losses = 1; losses < 100; losses += 1) {
    const [loser, winner] = losses % 2 === 1 ? members : members.toReversed();
    winner?.membership.opened();
    if (loser?.membership.ended(how) === true) return { loser: loser.name, losses };
    await clock.advance(50);
  }
  throw new Error('they fight without end');
}

test.each(['taken-over', 'closed'] as const)('one of two gives up: %s', async (how) => {
  expect((await fight(50, how)).losses).toBeLessThanOrEqual(10);
});

test.each(['taken-over', 'closed'] as const)('who was there first stays: %s', async (how) => {
  expect(await fight(10_000, how)).toMatchObject({ loser: 'second' });
});

test('a broker that comes and goes is no other member', () => {
  const clock = createVirtualClock();
  const membership = watchMembership(clock);
  for (let n = 0; n < 20; n += 1) {
    membership.opened();
    expect(membership.ended('closed')).toBe(false);
    membership.failed();
  }
});

test('resets are no other member, nor are rare losses', async () => {
  const clock = createVirtualClock();
  const membership = watchMembership(clock);
  for (let n = 0; n < 20; n += 1) {
    membership.opened();
    expect(membership.ended('other')).toBe(false);
    membership.opened();
    await clock.advance(6_000);
    expect(membership.ended('closed')).toBe(false);
  }
});
