import { createVirtualClock } from '@intermodal/core/testing';
import { expect, test } from 'vitest';
import type { Page, ReadFrom, Reads } from './reads.ts';
import { pollShard } from './shard-reader.ts';

/** What each read answers, one after the other; the last one is answered for ever. */
type Script = readonly (Page | Error)[];

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

function page(next: string | undefined, ...sequences: readonly string[]): Page {
  const Records = sequences.map((SequenceNumber) => ({
    SequenceNumber,
    PartitionKey: 'k',
    Data: Buffer.from(SequenceNumber).toString('base64'),
  }));
  return { Records, NextShardIterator: next, MillisBehindLatest: 0, at: undefined };
}

function polling(script: Script) {
  const clock = createVirtualClock();
  const begun = clock.now();
  const iterators: ReadFrom[] = [];
  const readAt: number[] = [];
  const errors: string[] = [];
  const reads: Reads = {
    iterator(_shardId, from) {
      iterators.push(from);
      return Promise.resolve(`i${iterators.length}`);
    },
    page() {
      const answer = script[Math.min(readAt.length, script.length - 1)] as Page | Error;
      readAt.push(clock.now() - begun);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const reader = pollShard({
    clock,
    form: {
      channel: 'orders',
      group: 'billing',
      role: 'main',
      shardId: 's',
      range: { first: '0', last: 'g' },
      envelope: 'none',
    },
    from: { at: 'earliest' },
    place: 'the stream',
    onNews: () => undefined,
    onError: ({ code }) => errors.push(code),
    reads,
    pollMs: 1_000,
    maxRecords: 10_000,
  });
  const taken = (): readonly string[] => reader.take(100).map(({ sequence }) => sequence);
  return { clock, reader, iterators, readAt, errors, taken };
}

test('a shard is read five times a second at most, and less where nothing comes', async () => {
  const { clock, readAt, taken } = polling([page('a', '1'), page('b', '2'), page('c')]);
  await clock.advance(100);
  expect(taken()).toEqual(['1']);
  await clock.advance(200);
  expect(taken()).toEqual(['2']);
  await clock.advance(3_000);
  const gaps = readAt.slice(1).map((at, index) => at - (readAt[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200);
  expect(gaps.at(-1)).toBe(1_000);
});

test('nothing more is read while what was read is not taken, nor while it is paused', async () => {
  const { clock, reader, readAt, taken } = polling([page('a', '1'), page('b', '2')]);
  await clock.advance(10_000);
  expect(readAt).toHaveLength(1);
  reader.pause(true);
  expect(taken()).toEqual([]);
  reader.pause(false);
  expect(taken()).toEqual(['1']);
  reader.pause(true);
  await clock.advance(10_000);
  expect(readAt.length).toBeLessThanOrEqual(2);
});

test('an iterator that has expired is asked for anew, after the last record', async () => {
  const { clock, iterators, taken, errors } = polling([
    page('a', '1'),
    named('ExpiredIteratorException'),
    page('c', '2'),
  ]);
  await clock.advance(100);
  expect(taken()).toEqual(['1']);
  await clock.advance(20_000);
  expect(taken()).toEqual(['2']);
  expect(iterators).toEqual([{ at: 'earliest' }, { at: 'after', sequence: '1' }]);
  expect(errors).toEqual(['unavailable']);
});

test('after an answer of 10 MiB the service refuses for five seconds: it is waited for, and nothing is missed', async () => {
  const refusal = named('ProvisionedThroughputExceededException');
  const refusals = Array.from({ length: 4 }, () => refusal);
  const { clock, iterators, readAt, taken } = polling([
    page('a', '1'),
    ...refusals,
    page('b', '2'),
  ]);
  await clock.advance(100);
  expect(taken()).toEqual(['1']);
  await clock.advance(60_000);
  expect(taken()).toEqual(['2']);
  // The place stays; only the waits grow.
  expect(iterators).toHaveLength(1);
  const waits = readAt.slice(2, 6).map((at, index) => at - (readAt[index + 1] ?? 0));
  expect(waits.at(-1)).toBeGreaterThan(waits[0] ?? 0);
});

test('a shard is at its end when there is no next iterator and all is taken', async () => {
  const { clock, reader, readAt, taken } = polling([page(undefined, '1')]);
  await clock.advance(5_000);
  expect(reader.ended).toBe(false);
  expect(taken()).toEqual(['1']);
  expect(reader.ended).toBe(true);
  expect(readAt).toHaveLength(1);
});
