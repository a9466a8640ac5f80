import { expect, test } from 'vitest';
import { createLedger, type Entry, totalsLine } from './ledger.ts';

function ledgerOf(...entries: readonly Entry[]): ReturnType<typeof createLedger> {
  const ledger = createLedger();
  for (const entry of entries) ledger.enter(entry);
  return ledger;
}

const confirmed = (key: string, n: number): Entry => ({ kind: 'confirmed', key, n });
const seen = (key: string, n: number): Entry => ({ kind: 'seen', key, n });

test('what was confirmed and not seen is lost, and what was not confirmed is not missed', () => {
  const ledger = ledgerOf(confirmed('a', 0), seen('a', 0), confirmed('a', 1), seen('b', 0));
  expect(ledger.missing).toBe(1);
  expect(ledger.totals()).toMatchObject({ confirmed: 2, lost: ['a/1'], repeated: 0 });
  ledger.enter(seen('a', 1));
  expect(ledger.missing).toBe(0);
});

test('it may be seen before it is confirmed', () => {
  const ledger = ledgerOf(seen('a', 0), confirmed('a', 0));
  expect(ledger.missing).toBe(0);
  expect(ledger.nextOf('a')).toBe(1);
});

test('a repeat begins again from an earlier one, and that is no overtaking', () => {
  const ledger = ledgerOf(...[0, 1, 2, 1, 2, 3].map((n) => seen('a', n)));
  expect(ledger.totals()).toMatchObject({ repeated: 2, overtakes: [] });
});

test('a new one before an earlier one of its key is overtaking, of another key it is not', () => {
  const ledger = ledgerOf(seen('a', 0), seen('b', 0), seen('a', 2), seen('a', 1), seen('a', 3));
  expect(ledger.totals().overtakes).toEqual(['a/2 before 1']);
});

test('the line', () => {
  const ledger = ledgerOf(confirmed('a', 0), seen('a', 0), { kind: 'refused', code: 'not-found' });
  expect(totalsLine(ledger.totals())).toBe(
    '1 confirmed, 0 lost, 0 repeated, 0 out of order, refused: 1 not-found',
  );
});
