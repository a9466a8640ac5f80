import type { WireDelivery } from '@intermodal/core/driver';
import { createVirtualClock } from '@intermodal/core/testing';
import { expect, test } from 'vitest';
import { createLaneHolds } from './lane-holds.ts';

function delivery(n: number): WireDelivery {
  return { position: String(n) } as WireDelivery;
}

test('a lane is held until its retry is due, and is let go in the order of the broker', async () => {
  const clock = createVirtualClock();
  const gone: (readonly (string | undefined)[])[] = [];
  const holds = createLaneHolds(
    clock,
    (one, other) => Number(one.position) < Number(other.position),
    (deliveries) => gone.push(deliveries.map(({ position }) => position)),
  );
  expect(holds.add('k', delivery(1))).toBe(false);
  holds.hold('k', delivery(1), 500);
  holds.hold('other', delivery(9), 100);
  expect(holds.add('k', delivery(3))).toBe(true);
  expect(holds.add('k', delivery(2))).toBe(true);
  expect(holds.size).toBe(2);
  await clock.advance(499);
  expect(gone).toEqual([['9']]);
  await clock.advance(1);
  expect(gone).toEqual([['9'], ['1', '2', '3']]);
  expect(holds.add('k', delivery(4))).toBe(false);
  holds.hold('k', delivery(4), 10);
  holds.end();
  await clock.advance(10);
  expect(gone).toHaveLength(2);
  expect(holds.size).toBe(0);
});
