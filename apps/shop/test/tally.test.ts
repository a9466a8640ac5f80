import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTally, type Message } from '../src/tally.ts';

const groups: Readonly<Record<string, readonly string[]>> = {
  stage: ['stage'],
  events: ['billing', 'analytics'],
};
const groupsOf = (channel: string): readonly string[] => groups[channel] ?? [];

function message(channel: string, customer: string, sequence: number, step = 0): Message {
  return { id: `${channel}/${customer}/${sequence}/${step}`, channel, customer, sequence, step };
}

describe('what is counted', () => {
  test('nothing is lost where every group handled every message once and in order', () => {
    const tally = createTally(groupsOf);
    for (const sequence of [1, 2]) {
      const each = message('events', 'c', sequence);
      tally.intend(each);
      tally.confirm(each.id);
      tally.handle(each, 'billing');
      tally.handle(each, 'analytics');
    }
    expect(tally.totals()).toEqual({
      published: 2,
      delivered: 4,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      deadLettered: 0,
      unexpected: 0,
      outstanding: 0,
    });
    expect([...tally.deliveredTo]).toEqual([
      ['events/billing', 2],
      ['events/analytics', 2],
    ]);
  });

  test('a confirmed message is lost to each group that has not handled it', () => {
    const tally = createTally(groupsOf);
    const each = message('events', 'c', 1);
    tally.intend(each);
    expect(tally.totals()).toMatchObject({ published: 0, lost: 0, outstanding: 2 });
    tally.confirm(each.id);
    expect(tally.totals()).toMatchObject({ published: 1, lost: 2, outstanding: 2 });
    tally.handle(each, 'billing');
    expect(tally.totals()).toMatchObject({ published: 1, lost: 1, outstanding: 1 });
  });

  test('a message that a consumer saw was published, confirmed or not', () => {
    const tally = createTally(groupsOf);
    const each = message('events', 'c', 1);
    tally.intend(each);
    expect(tally.isPublished(each.id)).toBe(false);
    tally.handle(each, 'billing');
    expect(tally.isPublished(each.id)).toBe(true);
    tally.confirm(each.id);
    expect(tally.totals()).toMatchObject({ published: 1, delivered: 1, lost: 1 });
  });

  test('a repeat is no delivery, and cannot be out of order', () => {
    const tally = createTally(groupsOf);
    const [first, second] = [message('stage', 'c', 1), message('stage', 'c', 2)];
    for (const each of [first, second]) {
      tally.intend(each);
      expect(tally.handle(each, 'stage')).toBe('first');
    }
    expect(tally.handle(first, 'stage')).toBe('repeat');
    expect(tally.totals()).toMatchObject({ delivered: 2, repeated: 1, outOfOrder: 0 });
  });

  test('a message that nobody published is unexpected, and so is one for a group that has no part in it', () => {
    const tally = createTally(groupsOf);
    const each = message('stage', 'c', 1);
    expect(tally.handle(each, 'stage')).toBe('unexpected');
    tally.intend(each);
    expect(tally.handle(each, 'billing')).toBe('unexpected');
    expect(tally.totals()).toMatchObject({ delivered: 0, unexpected: 2, outstanding: 1 });
  });

  test('a dead letter is lost, and nobody waits for it; handled after all, it is neither', () => {
    const tally = createTally(groupsOf);
    const each = message('stage', 'c', 1);
    tally.intend(each);
    tally.deadLetter(each.id, 'stage');
    tally.deadLetter(each.id, 'stage');
    expect(tally.totals()).toMatchObject({ lost: 1, deadLettered: 1, outstanding: 0 });
    tally.handle(each, 'stage');
    tally.deadLetter(each.id, 'stage');
    expect(tally.totals()).toMatchObject({ lost: 0, deadLettered: 0, outstanding: 0 });
  });
});

describe('out of order, by customer', () => {
  test.each<[string, readonly Message[], number]>([
    ['a later order first', [message('stage', 'c', 2), message('stage', 'c', 1)], 1],
    ['of two customers', [message('stage', 'c', 2), message('stage', 'd', 1)], 0],
    [
      'a later step of the order first',
      [message('stage', 'c', 1, 1), message('stage', 'c', 1, 0)],
      1,
    ],
    [
      'a later step of a later order first',
      [message('stage', 'c', 2, 1), message('stage', 'c', 1, 0)],
      1,
    ],
    [
      'an earlier step of a later order first',
      [message('stage', 'c', 2, 0), message('stage', 'c', 1, 1)],
      0,
    ],
    [
      'each behind the last counts',
      [3, 1, 2].map((sequence) => message('stage', 'c', sequence)),
      2,
    ],
  ])('%s', (_, messages, outOfOrder) => {
    const tally = createTally(groupsOf);
    for (const each of messages) {
      tally.intend(each);
      tally.handle(each, 'stage');
    }
    expect(tally.totals().outOfOrder).toBe(outOfOrder);
  });
});

interface Happening {
  readonly type: 'intend' | 'confirm' | 'handle' | 'deadLetter';
  readonly message: Message;
  /** Of no meaning for a publisher. */
  readonly group: string;
}

const messages = fc
  .record({
    channel: fc.constantFrom('stage', 'events'),
    customer: fc.constantFrom('c', 'd'),
    sequence: fc.integer({ min: 1, max: 3 }),
    step: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ channel, customer, sequence, step }) => message(channel, customer, sequence, step));

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.record({
    type: fc.constantFrom(
      'intend',
      'intend',
      'confirm',
      'handle',
      'handle',
      'handle',
      'deadLetter',
    ),
    message: messages,
    group: fc.constantFrom('stage', 'billing', 'analytics'),
  }),
  { maxLength: 80 },
);

/** The totals again, slowly, from the definitions alone. */
function totalsOf(all: readonly Happening[]): unknown {
  const intended = new Map<string, Message>();
  const confirmed = new Set<string>();
  const handled: { readonly message: Message; readonly group: string }[] = [];
  const dead = new Set<string>();
  let repeated = 0;
  let unexpected = 0;
  let outOfOrder = 0;
  const isHandled = ({ id }: Message, group: string): boolean =>
    handled.some((one) => one.message.id === id && one.group === group);
  for (const happening of all) {
    const { type, message: each, group } = happening;
    const isKnown = intended.has(each.id);
    if (type === 'intend') intended.set(each.id, each);
    if (type === 'confirm' && isKnown) confirmed.add(each.id);
    if (type === 'intend' || type === 'confirm') continue;
    const isExpected = isKnown && groupsOf(each.channel).includes(group);
    if (type === 'deadLetter') {
      if (isExpected && !isHandled(each, group)) dead.add(`${each.id} ${group}`);
    } else if (!isExpected) unexpected += 1;
    else if (isHandled(each, group)) repeated += 1;
    else {
      const isLate = handled.some(
        ({ message: other, group: reader }) =>
          reader === group &&
          other.channel === each.channel &&
          other.customer === each.customer &&
          other.step >= each.step &&
          other.sequence >= each.sequence,
      );
      if (isLate) outOfOrder += 1;
      dead.delete(`${each.id} ${group}`);
      handled.push({ message: each, group });
    }
  }
  const taken = [...intended.values()].filter(
    (each) =>
      confirmed.has(each.id) ||
      groupsOf(each.channel).some(
        (group) => isHandled(each, group) || dead.has(`${each.id} ${group}`),
      ),
  );
  const pairs = (of: readonly Message[]): number =>
    of.flatMap(({ channel }) => groupsOf(channel)).length;
  return {
    published: taken.length,
    delivered: handled.length,
    lost: pairs(taken) - handled.length,
    repeated,
    outOfOrder,
    deadLettered: dead.size,
    unexpected,
    outstanding: pairs([...intended.values()]) - handled.length - dead.size,
  };
}

test('whatever happens, the totals are those of the definitions', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const tally = createTally(groupsOf);
      for (const happening of all) {
        const { message: each } = happening;
        if (happening.type === 'intend') tally.intend(each);
        else if (happening.type === 'confirm') tally.confirm(each.id);
        else if (happening.type === 'handle') tally.handle(each, happening.group);
        else tally.deadLetter(each.id, happening.group);
      }
      expect(tally.totals()).toEqual(totalsOf(all));
    }),
    { numRuns: 500 },
  );
});
