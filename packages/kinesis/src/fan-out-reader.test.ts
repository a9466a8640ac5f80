import type { SubscribeToShardEventStream } from '@aws-sdk/client-kinesis';
import { createVirtualClock } from '@intermodal/core/testing';
import { expect, test } from 'vitest';
import { subscribeToShard } from './fan-out-reader.ts';
import type { ReadFrom } from './reads.ts';

type Script = readonly (SubscribeToShardEventStream | Error)[];

function event(
  next: string | undefined,
  ...sequences: readonly string[]
): SubscribeToShardEventStream {
  return {
    SubscribeToShardEvent: {
      ContinuationSequenceNumber: next,
      MillisBehindLatest: 0,
      Records: sequences.map((SequenceNumber) => ({
        SequenceNumber,
        Data: new TextEncoder().encode(SequenceNumber),
        PartitionKey: 'k',
      })),
    },
  };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

async function* told(script: Script): AsyncGenerator<SubscribeToShardEventStream> {
  for (const one of script) {
    if (one instanceof Error) throw one;
    yield await Promise.resolve(one);
  }
}

/** A reader of a shard whose subscriptions follow a script, one after the other. */
function reading(scripts: readonly Script[], from: ReadFrom = { at: 'earliest' }) {
  const clock = createVirtualClock();
  const begun = clock.now();
  const subscriptions: { readonly at: number; readonly from: ReadFrom }[] = [];
  const errors: string[] = [];
  const reader = subscribeToShard({
    clock,
    form: {
      channel: 'orders',
      group: 'billing',
      role: 'main',
      shardId: 's',
      range: { first: '0', last: 'g' },
      envelope: 'none',
    },
    from,
    place: 'the stream',
    onNews: () => undefined,
    onError: ({ code }) => errors.push(code),
    subscribe(_shardId, start) {
      const script = scripts[subscriptions.length];
      subscriptions.push({ at: clock.now() - begun, from: start });
      return script === undefined ? new Promise(() => undefined) : Promise.resolve(told(script));
    },
  });
  const taken = (): readonly string[] => reader.take(100).map(({ sequence }) => sequence);
  return { clock, reader, subscriptions, errors, taken };
}

test('a subscription that ends is renewed after the number that it came to', async () => {
  const { clock, subscriptions, taken } = reading([
    [event('5', '1', '2'), event('9')],
    [event('11', '10')],
  ]);
  await clock.advance(3_000);
  expect(taken()).toEqual(['1', '2', '10']);
  expect(subscriptions.map(({ from }) => from)).toEqual([
    { at: 'earliest' },
    { at: 'after', sequence: '9' },
    { at: 'after', sequence: '11' },
  ]);
});

test('an error in the stream loses nothing, and is waited for', async () => {
  const { clock, errors, subscriptions, taken } = reading([
    [event('2', '1'), named('InternalFailureException')],
    [event('4', '3')],
  ]);
  await clock.advance(20_000);
  expect(taken()).toEqual(['1', '3']);
  expect(errors).toEqual(['unavailable']);
  expect(subscriptions[1]?.from).toEqual({ at: 'after', sequence: '2' });
});

test('an error that comes as an event is one too', async () => {
  const member = { ResourceNotFoundException: named('ResourceNotFoundException') };
  const { clock, errors } = reading([[member as unknown as SubscribeToShardEventStream]]);
  await clock.advance(100);
  expect(errors).toEqual(['not-found']);
});

test('a subscription that somebody has is taken over after five seconds', async () => {
  const { clock, subscriptions } = reading([[named('ResourceInUseException')], [event('2', '1')]]);
  await clock.advance(20_000);
  expect(subscriptions[1]?.at).toBeGreaterThan(5_000);
});

test('without a number to go on with the shard is at its end, once all is taken', async () => {
  const { clock, reader, taken, subscriptions } = reading([
    [event('2', '1'), event(undefined, '3')],
  ]);
  await clock.advance(20_000);
  expect(reader.ended).toBe(false);
  expect(taken()).toEqual(['1', '3']);
  expect(reader.ended).toBe(true);
  expect(subscriptions).toHaveLength(1);
});

test('a paused shard hands out nothing, and nothing after a stop', async () => {
  const { clock, reader, taken } = reading([[event('2', '1'), event('4', '3')]]);
  reader.pause(true);
  await clock.advance(1_000);
  expect(taken()).toEqual([]);
  reader.pause(false);
  await clock.advance(1_000);
  expect(taken()).toEqual(['1', '3']);
  reader.stop();
  expect(taken()).toEqual([]);
});
