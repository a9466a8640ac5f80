import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBytes } from './copy-bytes.ts';

test('copies are equal, plain, and share nothing with their source or each other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 1_200 }), { minLength: 1, maxLength: 40 }),
      (sources) => {
        const before = sources.map((source) => Array.from(source));
        const copies = sources.map((source) => copyBytes(Buffer.from(source)));
        for (const source of sources) source.fill(1);
        for (const [index, copy] of copies.entries()) {
          expect(Array.from(copy)).toEqual(before[index]);
          expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
          expect(copy.byteOffset % 8).toBe(0);
          copy.fill(2);
        }
      },
    ),
  );
});

test('sending a small copy to another thread takes nothing away from the others', () => {
  const [one, other] = [copyBytes(Uint8Array.of(1, 2, 3)), copyBytes(Uint8Array.of(4, 5))];
  const { port1, port2 } = new MessageChannel();
  expect(() => {
    port1.postMessage(one, [one.buffer as ArrayBuffer]);
  }).toThrow(/transfer/i);
  port1.close();
  port2.close();
  expect(Array.from(other)).toEqual([4, 5]);
});
