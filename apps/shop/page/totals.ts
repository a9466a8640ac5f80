import type { LiveTotals, Snapshot } from '../src/live/snapshot.ts';
import { byId, figure, make, say } from './dom.ts';

interface Tile {
  readonly name: string;
  readonly of: (totals: LiveTotals, snapshot: Snapshot) => number;
  readonly remark: (totals: LiveTotals, snapshot: Snapshot) => string;
  /** Whether a number above 0 is wrong, and 0 is right. */
  readonly judge?: (totals: LiveTotals, snapshot: Snapshot) => 'right' | 'wrong' | 'noted';
}

const tiles: readonly Tile[] = [
  {
    name: 'lost',
    of: ({ lost }) => lost,
    remark: () => 'published, and never came',
    judge: ({ lost }) => (lost === 0 ? 'right' : 'wrong'),
  },
  {
    name: 'out of order',
    of: ({ outOfOrder }) => outOfOrder,
    remark: ({ overtakenInDeadLetters: late }, { transport }) => {
      if (late > 0) return `${figure(late)} overtaken while in dead letters`;
      return transport.capabilities['order'] === 'key'
        ? 'per customer, in every group'
        : `${transport.name} claims none here`;
    },
    judge({ outOfOrder, overtakenInDeadLetters }) {
      if (outOfOrder === 0) return 'right';
      return outOfOrder === overtakenInDeadLetters ? 'noted' : 'wrong';
    },
  },
  {
    name: 'repeated',
    of: ({ repeated }) => repeated,
    remark: () => 'handled once all the same',
    judge: ({ repeated }) => (repeated === 0 ? 'right' : 'noted'),
  },
  {
    name: 'dead letters',
    of: ({ deadLettered }) => deadLettered,
    remark: ({ redriven }) => `${figure(redriven)} moved back so far`,
    judge: ({ deadLettered }) => (deadLettered === 0 ? 'right' : 'noted'),
  },
  {
    name: 'in flight',
    of: ({ inFlight }) => inFlight,
    remark: () => 'to be handled',
  },
  {
    name: 'orders',
    of: ({ orders }) => orders,
    remark: ({ badLines }) => `${figure(badLines)} bad lines`,
  },
  {
    name: 'published',
    of: ({ published }) => published,
    remark: (_, { rates }) => `${figure(rates.publishedPerSecond)} a second`,
  },
  {
    name: 'delivered',
    of: ({ delivered }) => delivered,
    remark: (_, { rates }) => `${figure(rates.handledPerSecond)} a second`,
  },
  {
    name: 'retried',
    of: ({ retried }) => retried,
    remark: ({ redelivered }) => `${figure(redelivered)} redelivered`,
  },
];

const shown = tiles.map((tile) => {
  const value = make('dd', { className: 'value' }, '0');
  const remark = make('dd', { className: 'remark' });
  const box = make('div', {}, make('dt', {}, tile.name), value, remark);
  box.dataset['total'] = tile.name;
  return { tile, box, value, remark };
});
byId('totals', HTMLElement).replaceChildren(...shown.map(({ box }) => box));

/** What came of the orders so far. */
export function showTotals(snapshot: Snapshot): void {
  const { totals } = snapshot;
  for (const { tile, box, value, remark } of shown) {
    say(value, figure(tile.of(totals, snapshot)));
    say(remark, tile.remark(totals, snapshot));
    box.dataset['verdict'] = tile.judge?.(totals, snapshot) ?? 'none';
  }
}
