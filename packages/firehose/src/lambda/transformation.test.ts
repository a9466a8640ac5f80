import type { FirehoseTransformationHandler } from 'aws-lambda';
import { channel, Rejection } from '@intermodal/core';
import { createVirtualClock } from '@intermodal/core/testing';
import { describe, expect, test } from 'vitest';
import {
  createFirehoseTransformation,
  type TransformationEvent,
  type TransformationFailure,
  type TransformationInput,
  type TransformationOptions,
  type TransformationRecord,
  type Transformed,
} from '../transformation.ts';

interface Order {
  readonly n: number;
}

const orders = channel<Order>('orders');

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function input(n: number, more: Partial<TransformationInput> = {}): TransformationInput {
  return {
    recordId: `record-${n}`,
    approximateArrivalTimestamp: 1_700_000_000_000,
    data: base64(`{"n":${n}}\n`),
    ...more,
  };
}

function event(...records: readonly TransformationInput[]): TransformationEvent {
  return {
    invocationId: 'i-1',
    deliveryStreamArn: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/orders',
    region: 'eu-west-1',
    records,
  };
}

type Transform = (record: TransformationRecord<Order>) => Promise<Transformed> | Transformed;

function transformation(transform: Transform, options: TransformationOptions<Order> = {}) {
  const failures: TransformationFailure[] = [];
  const onFailure = (failure: TransformationFailure): void => void failures.push(failure);
  const run = createFirehoseTransformation(orders, { onFailure, ...options }, transform);
  return { run, failures };
}

function textOf(data: string | undefined): string | undefined {
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
}

describe('each record id is answered once, in order', () => {
  test('with what became of its record', async () => {
    const { run, failures } = transformation(({ body: { n } }) => {
      switch (n) {
        case 1: {
          return { result: 'Ok', data: JSON.stringify({ n, seen: true }) };
        }
        case 2: {
          return { result: 'Ok', data: Uint8Array.of(0, 255), partitionKeys: { tenant: 'acme' } };
        }
        case 3: {
          return { result: 'Dropped' };
        }
        case 4: {
          return { result: 'ProcessingFailed' };
        }
        case 5: {
          throw new Rejection('a negative total');
        }
        default: {
          throw new Error('the database is away');
        }
      }
    });
    const { records } = await run(event(...[1, 2, 3, 4, 5, 6].map((n) => input(n))));
    expect(records).toEqual([
      { recordId: 'record-1', result: 'Ok', data: base64('{"n":1,"seen":true}\n') },
      {
        recordId: 'record-2',
        result: 'Ok',
        data: Buffer.from([0, 255, 10]).toString('base64'),
        metadata: { partitionKeys: { tenant: 'acme' } },
      },
      { recordId: 'record-3', result: 'Dropped' },
      { recordId: 'record-4', result: 'ProcessingFailed' },
      { recordId: 'record-5', result: 'ProcessingFailed' },
      { recordId: 'record-6', result: 'ProcessingFailed' },
    ]);
    expect(failures.map(({ recordId }) => recordId)).toEqual(['record-5', 'record-6']);
    expect(failures[0]?.reason).toBe('a negative total');
    expect(failures[1]?.error).toEqual(new Error('the database is away'));
  });

  test('also where it cannot be read', async () => {
    const { run, failures } = transformation(() => ({ result: 'Ok', data: 'x' }));
    const bad = { data: 'not base64!' };
    const { records } = await run(event(input(1, bad), input(2, { data: base64('{') }), input(3)));
    expect(records.map(({ result }) => result)).toEqual([
      'ProcessingFailed',
      'ProcessingFailed',
      'Ok',
    ]);
    expect(failures.map(({ recordId }) => recordId)).toEqual(['record-1', 'record-2']);
  });

  test.each([
    undefined,
    null,
    {},
    { result: 'ok', data: 'x' },
    { result: 'Ok' },
    { result: 'Ok', data: { n: 1 } },
    { result: 'Ok', data: 'x', partitionKeys: { n: 1 } },
  ])('also where the function returns %o', async (returned) => {
    const { run, failures } = transformation(() => returned as unknown as Transformed);
    const { records } = await run(event(input(1)));
    expect(records).toEqual([{ recordId: 'record-1', result: 'ProcessingFailed' }]);
    expect(failures).toHaveLength(1);
  });

  test('also where it is too late, whose handler is told', async () => {
    const clock = createVirtualClock({ now: 0 });
    const begun: number[] = [];
    const told: number[] = [];
    const { run, failures } = transformation(
      ({ body: { n }, signal }) => {
        begun.push(n);
        if (n === 1) return { result: 'Dropped' };
        return new Promise(() => {
          signal.addEventListener('abort', () => told.push(n));
        });
      },
      { clock, concurrency: 1, marginMs: 1_000 },
    );
    const context = { getRemainingTimeInMillis: () => 11_000 };
    const running = run(event(input(1), input(2), input(3)), context);
    await expect.poll(() => begun).toEqual([1, 2]);
    await clock.advance(10_000);
    expect((await running).records.map(({ result }) => result)).toEqual([
      'Dropped',
      'ProcessingFailed',
      'ProcessingFailed',
    ]);
    expect(told).toEqual([2]);
    expect(begun).toEqual([1, 2]);
    expect(failures.map(({ recordId }) => recordId)).toEqual(['record-2', 'record-3']);
  });

  test('and nothing of an invocation is left for the next', async () => {
    const clock = createVirtualClock({ now: 0 });
    let isStuck = true;
    const { run } = transformation(
      ({ body: { n } }) =>
        isStuck ? new Promise(() => undefined) : { result: 'Ok', data: String(n) },
      { clock, concurrency: 1, delimiter: '' },
    );
    const context = { getRemainingTimeInMillis: () => 5_000 };
    const stuck = run(event(input(1), input(2)), context);
    await clock.advance(4_000);
    expect((await stuck).records.map(({ result }) => result)).toEqual([
      'ProcessingFailed',
      'ProcessingFailed',
    ]);
    isStuck = false;
    const { records } = await run(event(input(3)), context);
    expect(records.map(({ data }) => textOf(data))).toEqual(['3']);
  });
});

describe('the record that the function sees', () => {
  test('out of a Kinesis stream has its place there, and its key', async () => {
    const metadata = {
      shardId: 'shardId-000000000001',
      partitionKey: 'customer-7',
      approximateArrivalTimestamp: 1_700_000_000_000,
      sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
      subsequenceNumber: '3',
    };
    const seen: TransformationRecord<Order>[] = [];
    const { run } = transformation((record) => {
      seen.push(record);
      return { result: 'Dropped' };
    });
    await run({
      ...event(input(1, { kinesisRecordMetadata: metadata })),
      sourceKinesisStreamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
    });
    expect(seen[0]).toMatchObject({
      id: 'record-1',
      key: 'customer-7',
      kinesis: metadata,
      arrivedAt: new Date(1_700_000_000_000),
      body: { n: 1 },
    });
    expect(Buffer.from(seen[0]?.data ?? []).toString()).toBe('{"n":1}\n');
  });

  test('of our publishers comes out of its envelope, and control messages never come', async () => {
    const envelope = (id: string, more: object): string =>
      base64(
        `${JSON.stringify({ specversion: '1.0', id, source: '/orders', type: 'orders', datacontenttype: 'application/json', data: { n: 1 }, ...more })}\n`,
      );
    const seen: TransformationRecord<Order>[] = [];
    const { run } = transformation((record) => {
      seen.push(record);
      return { result: 'Ok', data: record.id };
    });
    const own = envelope('o-1', { partitionkey: 'customer-7', imheaders: '{"tenant":"acme"}' });
    const control = envelope('o-2', { imheaders: '{"imctl":"redrive:billing"}' });
    const { records } = await run(event(input(1, { data: own }), input(2, { data: control })));
    expect(seen.map(({ id, key }) => [id, key])).toEqual([['o-1', 'customer-7']]);
    expect(seen[0]?.headers.get('tenant')).toBe('acme');
    expect(records.map(({ result }) => result)).toEqual(['Ok', 'Dropped']);
  });
});

describe('a reply that is too large', () => {
  const large = (n: number): Transformed => ({ result: 'Ok', data: String(n).repeat(500) });

  test('fails what has no room, and never goes over the limit', async () => {
    const { run, failures } = transformation(({ body }) => large(body.n), { maxReplyBytes: 2_000 });
    const reply = await run(event(...[1, 2, 3, 4, 5].map((n) => input(n))));
    expect(JSON.stringify(reply).length).toBeLessThanOrEqual(2_000);
    expect(reply.records.map(({ result }) => result)).toEqual([
      'Ok',
      'Ok',
      'ProcessingFailed',
      'ProcessingFailed',
      'ProcessingFailed',
    ]);
    expect(failures.map(({ recordId }) => recordId)).toEqual(['record-3', 'record-4', 'record-5']);
  });

  test('puts them back where it can, but not what would never fit', async () => {
    const back: string[] = [];
    const { run } = transformation(
      ({ body: { n } }) => (n === 1 ? { result: 'Ok', data: 'x'.repeat(2_000) } : large(n)),
      {
        maxReplyBytes: 1_400,
        reingest: (records) => {
          for (const { data } of records) back.push(Buffer.from(data).toString());
          return Promise.resolve();
        },
      },
    );
    const { records } = await run(event(...[1, 2, 3, 4].map((n) => input(n))));
    expect(records.map(({ result }) => result)).toEqual([
      'ProcessingFailed',
      'Ok',
      'Dropped',
      'Dropped',
    ]);
    expect(back).toEqual(['{"n":3}\n', '{"n":4}\n']);
  });

  test('fails them where they could not be put back', async () => {
    const { run } = transformation(({ body }) => large(body.n), {
      maxReplyBytes: 1_400,
      reingest: () => Promise.reject(new Error('away')),
    });
    const { records } = await run(event(...[1, 2, 3].map((n) => input(n))));
    expect(records.map(({ result }) => result)).toEqual([
      'Ok',
      'ProcessingFailed',
      'ProcessingFailed',
    ]);
  });
});

test('it is what Lambda calls a handler of Firehose', async () => {
  const { run } = transformation(() => ({ result: 'Dropped' }));
  const handler: FirehoseTransformationHandler = (given, context) => run(given, context);
  expect(handler).toBeTypeOf('function');
  expect(await run(event())).toEqual({ records: [] });
});

test.each([{ concurrency: 0 }, { marginMs: -1 }, { maxReplyBytes: 10 }])(
  'refuses the options %o',
  (options) => {
    expect(() => transformation(() => ({ result: 'Dropped' }), options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  },
);
