import { gzipSync } from 'node:zlib';
import { channel } from '@intermodal/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessKey, overFetch, recordsOf, type Sent } from '../../test/scripted-firehose.ts';
import { createFirehoseEndpoint } from '../endpoint.ts';

const orders = channel<{ readonly n: number }>('orders');

const json = fc.json().map((text): Sent => ({ body: text }));
const bytes = fc.uint8Array({ maxLength: 200 }).map((body): Sent => ({ body }));
const almost = fc
  .record(
    {
      requestId: fc.oneof(fc.constant('r-1'), fc.anything()),
      timestamp: fc.anything(),
      records: fc.oneof(
        fc.array(
          fc.oneof(fc.anything(), fc.record({ data: fc.oneof(fc.base64String(), fc.anything()) })),
        ),
        fc.anything(),
      ),
    },
    { requiredKeys: [] },
  )
  .map((value): Sent => ({
    body: JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? null : one)),
  }));
const packed = fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(40)).map(([body, cut]): Sent => ({
  body: gzipSync(body).subarray(0, 60 - cut),
  headers: { 'content-encoding': 'gzip' },
}));

test('whatever comes is answered in the form that Firehose reads, and never with 413', async () => {
  await using endpoint = createFirehoseEndpoint(orders, { accessKey }, () => undefined);
  const send = overFetch(endpoint);
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, bytes, almost, packed), async (sent) => {
      const { status, contentType, reply } = await send({ id: 'r-1', ...sent });
      expect([200, 400, 500]).toContain(status);
      expect(contentType).toBe('application/json');
      expect(reply['requestId']).toBe('r-1');
      expect(Number.isInteger(reply['timestamp'])).toBe(true);
      expect('errorMessage' in reply).toBe(status !== 200);
    }),
    { numRuns: 500 },
  );
});

/** How often each record fails before it succeeds. */
const failures = fc.array(fc.nat(4), { minLength: 1, maxLength: 30 });

test('a request is repeated until all is acked, and each record is handled with success once', async () => {
  let requests = 0;
  await fc.assert(
    fc.asyncProperty(failures, fc.integer({ min: 1, max: 8 }), async (fails, concurrency) => {
      const left = [...fails];
      const handled = fails.map(() => 0);
      const options = { accessKey, concurrency };
      await using endpoint = createFirehoseEndpoint(orders, options, async ({ body: { n } }) => {
        await Promise.resolve();
        left[n] = (left[n] ?? 0) - 1;
        if ((left[n] ?? 0) >= 0) throw new Error('not yet');
        handled[n] = (handled[n] ?? 0) + 1;
      });
      const send = overFetch(endpoint);
      requests += 1;
      const records = recordsOf(...fails.map((_, n) => ({ n })));
      const sent = { id: `r-${requests}`, records };
      const statuses: number[] = [];
      for (let tries = 0; tries <= Math.max(...fails) + 1; tries += 1)
        statuses.push((await send(sent)).status);
      expect(statuses.filter((status) => status === 500)).toHaveLength(Math.max(...fails));
      expect(statuses.slice(Math.max(...fails))).toEqual([200, 200]);
      expect(handled).toEqual(fails.map(() => 1));
    }),
  );
});
