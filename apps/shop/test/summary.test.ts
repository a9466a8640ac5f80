import { describe, expect, test } from 'vitest';
import type { Ending } from '../src/finish.ts';
import { exitCode, type Finished, progressText, summaryLine, summaryText } from '../src/summary.ts';
import type { Totals } from '../src/tally.ts';

const none: Totals = {
  published: 0,
  delivered: 0,
  lost: 0,
  repeated: 0,
  outOfOrder: 0,
  deadLettered: 0,
  unexpected: 0,
  outstanding: 0,
};
const complete: Ending = { kind: 'complete', seconds: 1.23456 };

function finished(totals: Partial<Totals>, change: Partial<Finished> = {}): Finished {
  return {
    status: {
      transport: 'memory',
      orders: 1_000,
      badLines: 2,
      retried: 3,
      strangers: 0,
      totals: { ...none, ...totals },
      deliveredTo: new Map([
        ['order-events/billing', 7],
        ['place-order/place-order', 1_000],
      ]),
    },
    ending: complete,
    keepsOrder: true,
    ...change,
  };
}

describe('the exit code', () => {
  test.each<[string, Finished, number]>([
    ['all went through', finished({ published: 9, delivered: 9 }), 0],
    ['repeats are no failure', finished({ repeated: 9 }), 0],
    ['something was lost', finished({ lost: 1 }), 1],
    ['out of order where order is claimed', finished({ outOfOrder: 1 }), 1],
    ['out of order where none is claimed', finished({ outOfOrder: 1 }, { keepsOrder: false }), 0],
    ['something came from nowhere', finished({ unexpected: 1 }), 1],
    ['given up', finished({}, { ending: { kind: 'gave-up', seconds: 1 } }), 1],
    ['failed', finished({}, { ending: { kind: 'failed', error: 'x', seconds: 1 } }), 1],
    [
      'stopped, nothing missing',
      finished({}, { ending: { kind: 'interrupted', seconds: 1 } }),
      130,
    ],
    [
      'stopped, something lost',
      finished({ lost: 1 }, { ending: { kind: 'interrupted', seconds: 1 } }),
      1,
    ],
  ])('%s', (_, run, code) => {
    expect(exitCode(run)).toBe(code);
  });
});

test('the line for machines has exactly what is promised', () => {
  expect(
    summaryLine(finished({ published: 1, delivered: 2, lost: 3, repeated: 4, outOfOrder: 5 })),
  ).toBe(
    '{"transport":"memory","orders":1000,"badLines":2,"published":1,"delivered":2,"lost":3,"repeated":4,"outOfOrder":5,"seconds":1.235}',
  );
});

test('the text for people says how it went', () => {
  const text = summaryText(finished({ published: 6_000, lost: 2, deadLettered: 1 }));
  expect(text).toContain('memory: 1,000 orders in 1.2 s');
  expect(text).toMatch(/^ {2}published +6,000$/m);
  expect(text).toMatch(/^ {2}lost +2 {3}1 in the dead letters$/m);
  expect(text).toMatch(/place-order 1,000, billing 7$/m);
});

test.each<[Ending, string]>([
  [{ kind: 'gave-up', seconds: 1 }, '5 deliveries were still to come'],
  [{ kind: 'interrupted', seconds: 1 }, '5 deliveries were still to come'],
  [
    { kind: 'failed', seconds: 1, error: new Error('no more room') },
    'It could not go on: no more room.',
  ],
])('and why it was over: %j', (ending, text) => {
  expect(summaryText(finished({ outstanding: 5 }, { ending }))).toContain(text);
});

test('the progress is one line', () => {
  expect(progressText(finished({ repeated: 4 }).status)).toBe(
    '1,000 orders, 3 retried, 4 repeated, 0 out of order: place-order 1,000, billing 7',
  );
});
