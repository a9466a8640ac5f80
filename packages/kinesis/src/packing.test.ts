import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashKeyOf } from './hash-key.ts';
import { encodeAggregate, recordOverhead } from './kpl-format.ts';
import { pack, type Packable } from './packing.ts';

const limits = { maxBytes: 2_000, maxCount: 6 };

const batches = fc.array(
  fc.record({
    key: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { nil: undefined }),
    bytes: fc.oneof(fc.nat(300), fc.nat(3_000)),
  }),
  { minLength: 1, maxLength: 60 },
);

function packable({ key, bytes }: { key: string | undefined; bytes: number }): Packable {
  const partitionKey = key ?? 'none';
  const hash = hashKeyOf(partitionKey);
  const place = { hash, shardId: `shard-${hash.slice(0, 1) < '8' ? 0 : 1}` };
  return {
    bytes: bytes + partitionKey.length + recordOverhead,
    lane: key,
    payload: { data: new Uint8Array(bytes), partitionKey, hashKey: undefined, place },
  };
}

test('every message is in one record of its shard, within the limits', () => {
  fc.assert(
    fc.property(batches, (given) => {
      const batch = given.map(packable);
      const packages = pack(batch, limits);
      const packed = packages.flatMap(({ messages }) => messages).sort((a, b) => a - b);
      expect(packed).toEqual(batch.map((_, index) => index));
      for (const { shardId, messages } of packages) {
        const inside = messages.map((index) => batch[index] as Packable);
        expect(inside.every(({ payload }) => payload.place.shardId === shardId)).toBe(true);
        expect(messages.length).toBeLessThanOrEqual(limits.maxCount);
        if (messages.length === 1) continue;
        const { byteLength } = encodeAggregate(inside.map(({ payload }) => payload));
        expect(byteLength).toBeLessThanOrEqual(limits.maxBytes);
      }
    }),
  );
});

test('of a key, later messages are later in the same record or in a later round', () => {
  fc.assert(
    fc.property(batches, (given) => {
      const batch = given.map(packable);
      const packages = pack(batch, limits);
      const placeOf = (index: number): readonly [number, number] => {
        const found = packages.findIndex(({ messages }) => messages.includes(index));
        return [packages[found]?.round ?? -1, found];
      };
      for (const key of 'abcdefg') {
        const own = batch.flatMap(({ lane }, index) => (lane === key ? [index] : []));
        own.slice(1).forEach((index, before) => {
          const [round, place] = placeOf(index);
          const [earlierRound, earlierPlace] = placeOf(own[before] ?? -1);
          if (place === earlierPlace) return;
          expect(round).toBeGreaterThan(earlierRound);
        });
      }
    }),
  );
});
