import { createHash } from 'node:crypto';
import type { Message } from '@aws-sdk/client-sqs';
import type { WireMessage } from '@intermodal/core/driver';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WireForm, type WrittenEntry, writeEntry } from './message.ts';
import { readMessage, type ReadForm } from './read-message.ts';

const plain: WireForm = {
  groups: 'plain',
  dedupe: 'by-id',
  service: 'sqs',
  maxMessageBytes: 1_048_576,
  place: "sqs queue 'orders'",
};
const reading: ReadForm = { channel: 'orders', checksum: 'md5', snsEnvelopes: 'unwrap' };

function message(changes: Partial<WireMessage> = {}): WireMessage {
  return { id: 'id-1', channel: 'orders', headers: new Map(), body: '{}', ...changes };
}

/** What a receiver gets of it. */
function delivered({ entry }: WrittenEntry): Message {
  const body = entry.MessageBody ?? '';
  const trace = entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  return {
    MessageId: 'broker-1',
    ReceiptHandle: 'handle-1',
    Body: body,
    MD5OfBody: createHash('md5').update(body).digest('hex'),
    MessageAttributes: entry.MessageAttributes,
    Attributes: {
      ApproximateReceiveCount: '1',
      ...(entry.MessageGroupId === undefined ? {} : { MessageGroupId: entry.MessageGroupId }),
      ...(trace === undefined ? {} : { AWSTraceHeader: trace }),
    },
  };
}

function attributesOf({ entry }: WrittenEntry): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(entry.MessageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
  );
}

const anyText = fc.string({ unit: 'binary' });
const anyMessage = fc.record({
  id: fc.oneof(
    fc.uuid(),
    anyText.filter((id) => id !== ''),
  ),
  key: fc.option(fc.oneof(anyText, fc.string()), { nil: undefined }),
  publishedAt: fc.option(fc.nat(), { nil: undefined }),
  contentType: fc.option(fc.constantFrom('application/json', 'text/plain; charset=utf-8'), {
    nil: undefined,
  }),
  body: fc.oneof(fc.uint8Array(), anyText),
  headers: fc
    .dictionary(
      fc.oneof(
        fc.constantFrom('traceparent', 'content-type', 'x-amzn-trace-id', 'imreason'),
        anyText,
      ),
      anyText,
      { maxKeys: 14 },
    )
    .map(
      (record) =>
        new Map(
          Object.entries(record).filter(([name]) => !name.startsWith('im') || name === 'imreason'),
        ),
    ),
});

test.each(['plain', 'fair', 'fifo'] as const)(
  'what is written to a %s queue is read as it was',
  (groups) => {
    fc.assert(
      fc.property(anyMessage, (fields) => {
        const original = message(fields);
        const written = writeEntry(original, { ...plain, groups });
        expect(Object.keys(written.entry.MessageAttributes ?? {}).length).toBeLessThanOrEqual(10);
        const { message: read, undecodable, group } = readMessage(delivered(written), reading);
        expect(undecodable).toBeUndefined();
        expect(read).toMatchObject({
          id: original.id,
          key: original.key,
          publishedAt: original.publishedAt,
          contentType: original.contentType,
        });
        expect(new Map(read.headers)).toEqual(original.headers);
        expect(Buffer.from(read.body)).toEqual(Buffer.from(original.body));
        expect(group === undefined).toBe(groups === 'plain');
        expect(written.lane).toBe(groups === 'fifo' ? group : undefined);
      }),
    );
  },
);

test('bytes are counted as the service counts them: names, types and values, in UTF-8', () => {
  const written = writeEntry(message({ headers: new Map([['colour', 'grün']]), body: 'ä' }), plain);
  expect(written.bytes).toBe(2 + ('imid'.length + 6 + 4) + ('colour'.length + 6 + 5));
});

test('what is on the wire', () => {
  const written = writeEntry(
    message({
      key: 'k',
      publishedAt: 1_700_000_000_000,
      contentType: 'application/json',
      headers: new Map([['tenant', 'a']]),
      delayMs: 1_500,
    }),
    plain,
  );
  expect(attributesOf(written)).toEqual({
    imid: 'id-1',
    imkey: 'k',
    imtime: '1700000000000',
    'content-type': 'application/json',
    tenant: 'a',
  });
  expect(written.entry).toMatchObject({ MessageBody: '{}', DelaySeconds: 2 });
  expect(written.entry).not.toHaveProperty('MessageGroupId');
});

test('more than ten attributes: tracing stays visible, the rest is packed', () => {
  const headers = new Map(Array.from({ length: 12 }, (_, index) => [`h${index}`, String(index)]));
  headers.set('traceparent', '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01');
  const attributes = attributesOf(writeEntry(message({ headers }), plain));
  expect(Object.keys(attributes)).toHaveLength(10);
  expect(attributes).toHaveProperty('traceparent');
  expect(JSON.parse(attributes['imheaders'] ?? '')).toMatchObject({ h11: '11' });
});

test('a trace travels as system attribute besides, and is no header of its own afterwards', () => {
  const headers = new Map([
    ['traceparent', '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01'],
  ]);
  const written = writeEntry(message({ headers }), plain);
  expect(written.entry.MessageSystemAttributes?.AWSTraceHeader?.StringValue).toMatch(
    /^Root=1-5759e988-/,
  );
  expect(new Map(readMessage(delivered(written), reading).message.headers)).toEqual(headers);
  const given = new Map([
    ['x-amzn-trace-id', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0'],
  ]);
  const system = writeEntry(message({ headers: given }), plain);
  expect(attributesOf(system)).toEqual({ imid: 'id-1' });
  expect(new Map(readMessage(delivered(system), reading).message.headers)).toEqual(given);
});

test('a fair queue has groups and no order', () => {
  const { entry, lane } = writeEntry(message({ key: 'tenant-1' }), { ...plain, groups: 'fair' });
  expect(entry.MessageGroupId).toBe('tenant-1');
  expect(entry.MessageDeduplicationId).toBeUndefined();
  expect(lane).toBeUndefined();
});

test('a key that is no group is hashed, and told besides', () => {
  const written = writeEntry(message({ key: 'Kunde Nr. 7 ü' }), { ...plain, groups: 'fifo' });
  expect(written.entry.MessageGroupId).toMatch(/^[0-9a-f]{64}$/);
  expect(attributesOf(written)['imkey']).toBe('Kunde Nr. 7 ü');
});

test('one byte over is too large; SQS delays for fifteen minutes at most, and on FIFO queues not at all', () => {
  expect(() => writeEntry(message({ body: 'x'.repeat(1_048_576 - 13) }), plain)).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
  expect(writeEntry(message({ body: 'x'.repeat(1_048_576 - 14) }), plain).bytes).toBe(1_048_576);
  expect(() => writeEntry(message({ delayMs: 900_001 }), plain)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
  expect(() => writeEntry(message({ delayMs: 1 }), { ...plain, groups: 'fifo' })).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
});
