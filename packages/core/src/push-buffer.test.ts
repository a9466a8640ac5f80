import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { WireDelivery } from './driver.ts';
import { createPushBuffer } from './push-buffer.ts';

function delivery(id: number): WireDelivery {
  const message = {
    id: `${id}`,
    headers: new Map<string, string>(),
    body: new Uint8Array(),
  } as unknown as WireDelivery['message'];
  return { token: { value: id }, message } as WireDelivery;
}

const idsOf = (deliveries: readonly WireDelivery[]): readonly unknown[] =>
  deliveries.map(({ token }) => token.value);

function pushAll(
  buffer: { readonly push: (delivery: WireDelivery) => void },
  ...ids: readonly number[]
): void {
  for (const id of ids) buffer.push(delivery(id));
}

describe('receive', () => {
  test('takes what is there, in order, no more than asked for', async () => {
    const buffer = createPushBuffer();
    const { signal } = new AbortController();
    pushAll(buffer, 1, 2, 3);
    expect(idsOf(await buffer.receive(2, signal))).toEqual([1, 2]);
    expect(buffer.length).toBe(1);
    expect(idsOf(await buffer.receive(2, signal))).toEqual([3]);
  });

  test('waits, and gets together what comes in one turn', async () => {
    const buffer = createPushBuffer();
    const received = buffer.receive(10, new AbortController().signal);
    pushAll(buffer, 1, 2);
    expect(idsOf(await received)).toEqual([1, 2]);
  });

  test('serves those who wait one after the other', async () => {
    const buffer = createPushBuffer();
    const { signal } = new AbortController();
    const first = buffer.receive(1, signal);
    const second = buffer.receive(5, signal);
    pushAll(buffer, 1, 2, 3);
    expect(idsOf(await first)).toEqual([1]);
    expect(idsOf(await second)).toEqual([2, 3]);
  });

  test('gets nothing when it is to stop, and leaves what comes later to the next', async () => {
    const buffer = createPushBuffer();
    const stop = new AbortController();
    const received = buffer.receive(1, stop.signal);
    stop.abort();
    expect(await received).toEqual([]);
    expect(await buffer.receive(1, stop.signal)).toEqual([]);
    pushAll(buffer, 1);
    expect(idsOf(await buffer.receive(1, new AbortController().signal))).toEqual([1]);
  });

  test('leaves no listener behind', async () => {
    const buffer = createPushBuffer();
    const { signal } = new AbortController();
    for (let id = 0; id < 20; id += 1) {
      const received = buffer.receive(1, signal);
      pushAll(buffer, id);
      await received;
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    buffer.end();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

test('what goes back takes its place before what is later', async () => {
  const buffer = createPushBuffer();
  const { signal } = new AbortController();
  pushAll(buffer, 1, 2, 3, 4);
  const [, second] = await buffer.receive(2, signal);
  buffer.putBack(second as WireDelivery, ({ token }) => (token.value as number) > 2);
  buffer.putBack(delivery(9), () => false);
  expect(idsOf(buffer.takeAll())).toEqual([2, 3, 4, 9]);
  expect(buffer.length).toBe(0);
});

describe('onStop', () => {
  test('is called once for a signal, also while nobody receives', async () => {
    const onStop = vi.fn<() => void>();
    const buffer = createPushBuffer({ onStop });
    const stop = new AbortController();
    pushAll(buffer, 1, 2);
    await buffer.receive(1, stop.signal);
    await buffer.receive(1, stop.signal);
    stop.abort();
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  test('no longer listens to a signal when there is another', async () => {
    const onStop = vi.fn<() => void>();
    const buffer = createPushBuffer({ onStop });
    const [first, second] = [new AbortController(), new AbortController()];
    pushAll(buffer, 1, 2);
    await buffer.receive(1, first.signal);
    await buffer.receive(1, second.signal);
    first.abort();
    expect(onStop).not.toHaveBeenCalled();
    second.abort();
    expect(onStop).toHaveBeenCalledTimes(1);
  });
});

test('after the end who waits gets nothing, and nothing is left', async () => {
  const buffer = createPushBuffer();
  const { signal } = new AbortController();
  const received = buffer.receive(1, signal);
  buffer.end();
  expect(await received).toEqual([]);
  pushAll(buffer, 1);
  expect(await buffer.receive(1, signal)).toEqual([]);
});
