import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderAcks } from './ack-order.ts';

test('in any order each ack is written at once', () => {
  const written: number[] = [];
  const acks = orderAcks('any', (id) => written.push(id));
  for (const id of [1, 2, 3]) acks.came(id);
  for (const id of [3, 1]) acks.ack(id);
  expect(written).toEqual([3, 1]);
});

test('in the order of the protocol an ack waits for those before it, and all are written in the end', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(20).keys()], { minLength: 20 }), (settled) => {
      const written: number[] = [];
      const acks = orderAcks('protocol', (id) => written.push(id));
      for (let id = 0; id < 20; id += 1) acks.came(id);
      settled.forEach((id, index) => {
        acks.ack(id);
        const done = new Set(settled.slice(0, index + 1));
        let prefix = 0;
        while (done.has(prefix)) prefix += 1;
        expect(written).toEqual([...Array(prefix).keys()]);
      });
    }),
  );
});

test('an id is used again after its ack', () => {
  const written: number[] = [];
  const acks = orderAcks('protocol', (id) => written.push(id));
  acks.came(7);
  acks.ack(7);
  acks.came(8);
  acks.came(7);
  acks.ack(7);
  acks.ack(8);
  expect(written).toEqual([7, 8, 7]);
});
