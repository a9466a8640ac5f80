import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TransformationOutput } from './event.ts';
import { fitReply } from './fit-reply.ts';
import { failedOutput } from './output.ts';

const outputs: fc.Arbitrary<TransformationOutput> = fc
  .tuple(
    fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
    fc.constantFrom('Ok', 'Dropped', 'ProcessingFailed'),
    fc.string({ maxLength: 400 }),
    fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
  )
  .map(([recordId, result, text, partitionKeys]) =>
    result === 'Ok'
      ? {
          recordId,
          result,
          data: Buffer.from(text).toString('base64'),
          metadata: { partitionKeys },
        }
      : { recordId, result },
  );

test('a reply is within its limit, answers every record in order, and leaves out no more than it must', () => {
  fc.assert(
    fc.property(fc.array(outputs, { maxLength: 30 }), fc.nat(6_000), (wanted, spare) => {
      const least = { records: wanted.map(({ recordId }) => failedOutput(recordId)) };
      // What nothing could make fit is no case: the request was larger than its least reply.
      const limit = Buffer.byteLength(JSON.stringify(least)) + 1 + spare;
      const fitted = fitReply(wanted, limit);
      const bytes = Buffer.byteLength(JSON.stringify({ records: fitted.outputs }));
      expect(bytes).toBeLessThanOrEqual(limit);
      expect(fitted.outputs.map(({ recordId }) => recordId)).toEqual(
        wanted.map(({ recordId }) => recordId),
      );
      const left = new Set(fitted.left.map(({ index }) => index));
      for (const [index, output] of fitted.outputs.entries()) {
        expect(output).toEqual(left.has(index) ? failedOutput(output.recordId) : wanted[index]);
      }
      const whole = Buffer.byteLength(JSON.stringify({ records: wanted })) + 1;
      expect(whole <= limit ? fitted.left : []).toEqual([]);
    }),
  );
});
