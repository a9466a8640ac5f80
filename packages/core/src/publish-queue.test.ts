import { describe, expect, it } from 'vitest';
import type { Prepared, Sender, SendOutcome, WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { createPublishQueue, type PublishQueue } from './publish-queue.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
import { createWheel } from './wheel.ts';

interface Scripted {
  readonly clock: VirtualClock;
  readonly queue: PublishQueue;
  /** Every batch handed to the driver, as the messages' ids. */
  readonly batches: string[][];
  readonly sent: WireMessage[];
  die(error?: IntermodalError): void;
}

type Answer = (
  batch: readonly WireMessage[],
  call: number,
) => readonly SendOutcome[] | Promise<readonly SendOutcome[]>;

const ok: SendOutcome = { ok: true };
const retryable = (certainty: 'rejected' | 'unknown'): SendOutcome => ({
  ok: false,
  certainty,
  error: new IntermodalError('unavailable', 'not now'),
});
const refused: SendOutcome = {
  ok: false,
  certainty: 'rejected',
  error: new IntermodalError('rejected', 'no'),
};

function scripted(
  answer: Answer,
  options: {
    entries?: 'ordered' | 'independent';
    maxPendingMessages?: number;
    maxBatchCount?: number;
  } = {},
): Scripted {
  const clock = createVirtualClock({ seed: 1 });
  const wheel = createWheel(clock);
  const batches: string[][] = [];
  const sent: WireMessage[] = [];
  let die: (error: IntermodalError | undefined) => void = () => undefined;

  function open(): Promise<Sender> {
    const dead = new Promise<IntermodalError | undefined>((resolve) => {
      die = resolve;
    });
    return Promise.resolve({
      limits: {
        maxBatchCount: options.maxBatchCount ?? 10,
        maxBatchBytes: 1_000,
        maxInFlight: 2,
        entries: options.entries ?? 'independent',
        lingerMs: 0,
      },
      dead,
      prepare: (message: WireMessage): Prepared => ({
        bytes: message.body.length,
        lane: message.key,
        payload: message,
      }),
      send(prepared: readonly Prepared[]) {
        const messages = prepared.map((each) => each.payload as WireMessage);
        batches.push(messages.map((message) => message.id));
        sent.push(...messages);
        return Promise.resolve(answer(messages, batches.length));
      },
      close() {
        die(undefined);
        return Promise.resolve();
      },
    });
  }

  const queue = createPublishQueue({
    wheel,
    place: `'orders' on test`,
    transport: 'test',
    channel: 'orders',
    open,
    maxPendingMessages: options.maxPendingMessages ?? 1_000,
    maxPendingBytes: 1_000_000,
    operationTimeoutMs: 1_000,
    telemetry: undefined,
  });
  return {
    clock,
    queue,
    batches,
    sent,
    die: (error) => {
      die(error);
    },
  };
}

function message(id: string, key?: string, delayMs?: number): WireMessage {
  return { id, channel: 'orders', key, headers: new Map([['h', id]]), body: 'x', delayMs };
}

async function outcomeOf(published: Promise<unknown>): Promise<string> {
  return published.then(
    () => 'ok',
    (error: unknown) => (error as IntermodalError).code,
  );
}

describe('publish queue', () => {
  it('coalesces what is published in one turn, by count', async () => {
    const { queue, batches } = scripted((batch) => batch.map(() => ok));
    await Promise.all(
      Array.from({ length: 25 }, (_, index) => queue.add(message(`m${index}`), 5_000, undefined)),
    );
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
  });

  it('sends again only what failed, everything intact, and each caller has its own outcome', async () => {
    const { queue, batches, sent, clock } = scripted((batch, call) =>
      call === 1 ? [ok, retryable('rejected'), refused] : batch.map(() => ok),
    );
    const published = ['a', 'b', 'c'].map((id) =>
      outcomeOf(queue.add(message(id, undefined, 7_000), 5_000, undefined)),
    );
    await clock.advance(1_000);
    expect(await Promise.all(published)).toEqual(['ok', 'ok', 'rejected']);
    expect(batches).toEqual([['a', 'b', 'c'], ['b']]);
    expect(sent.at(-1)).toMatchObject({ id: 'b', delayMs: 7_000, body: 'x' });
  });

  it('never lets a later message of a key overtake one that failed', async () => {
    const { queue, sent, clock } = scripted((batch, call) =>
      batch.map((each) => (call < 4 && each.id === 'k0' ? retryable('unknown') : ok)),
    );
    const published = Array.from({ length: 5 }, (_, index) =>
      outcomeOf(queue.add(message(`k${index}`, 'k'), 10_000, undefined)),
    );
    const other = outcomeOf(queue.add(message('other', 'j'), 10_000, undefined));
    await clock.advance(5_000);
    expect(await Promise.all([...published, other])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
    const ofKey = sent.filter((each) => each.key === 'k').map((each) => each.id);
    const tries = ofKey.filter((id) => id === 'k0').length;
    expect(tries).toBeGreaterThan(1);
    expect(ofKey).toEqual([...Array.from({ length: tries }, () => 'k0'), 'k1', 'k2', 'k3', 'k4']);
  });

  it('puts several of a key into one batch where entries are ordered, and keeps them behind the failed one', async () => {
    const { queue, batches, clock } = scripted(
      (batch, call) =>
        call === 1
          ? batch.map((_, index) => (index === 0 ? ok : retryable('rejected')))
          : batch.map(() => ok),
      { entries: 'ordered' },
    );
    const published = ['a', 'b', 'c'].map((id) => queue.add(message(id, 'k'), 5_000, undefined));
    await clock.advance(1_000);
    await Promise.all(published);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('says unknown-outcome, never timeout, for what was handed over', async () => {
    const { queue, clock } = scripted(() => new Promise(() => undefined), { maxBatchCount: 1 });
    const outcomes = Array.from({ length: 4 }, (_, index) =>
      outcomeOf(queue.add(message(`m${index}`), 200, undefined)),
    );
    await clock.advance(300);
    expect(await Promise.all(outcomes)).toEqual([
      'unknown-outcome',
      'unknown-outcome',
      'timeout',
      'timeout',
    ]);
  });

  it('tells an abort before hand-off from one after it', async () => {
    const { queue, clock } = scripted(() => new Promise(() => undefined), { maxBatchCount: 1 });
    const controller = new AbortController();
    const outcomes = Array.from({ length: 3 }, (_, index) =>
      outcomeOf(queue.add(message(`m${index}`), 60_000, controller.signal)),
    );
    await clock.advance(10);
    controller.abort();
    expect(await Promise.all(outcomes)).toEqual(['unknown-outcome', 'unknown-outcome', 'aborted']);
  });

  it('waits beyond its bound, in order, and lets go when there is room', async () => {
    const answers: (() => void)[] = [];
    const { queue, batches, clock } = scripted(
      (batch) => new Promise((resolve) => answers.push(() => resolve(batch.map(() => ok)))),
      { maxPendingMessages: 2, maxBatchCount: 1 },
    );
    const published = Array.from({ length: 5 }, (_, index) =>
      queue.add(message(`m${index}`), 60_000, undefined),
    );
    await clock.advance(10);
    expect(batches).toEqual([['m0'], ['m1']]);
    while (answers.length > 0) {
      answers.shift()?.();
      await clock.advance(10);
    }
    await Promise.all(published);
    expect(batches.flat()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  it('opens again after the connection died and sends the unknown again with the same id', async () => {
    let died = false;
    const script = scripted((batch, call) => {
      if (call === 1) {
        script.die(new IntermodalError('unavailable', 'cut'));
        died = true;
        return batch.map(() => retryable('unknown'));
      }
      return batch.map(() => ok);
    });
    const published = script.queue.add(message('a'), 10_000, undefined);
    await script.clock.advance(2_000);
    expect(await published).toMatchObject({ id: 'a' });
    expect(died).toBe(true);
    expect(script.batches).toEqual([['a'], ['a']]);
  });

  it('settles everything when it is closed, and holds no timer after it', async () => {
    const { queue, clock } = scripted(() => new Promise(() => undefined), {
      maxBatchCount: 1,
      maxPendingMessages: 3,
    });
    const outcomes = Array.from({ length: 6 }, (_, index) =>
      outcomeOf(queue.add(message(`m${index}`, index === 2 ? 'k' : undefined), 60_000, undefined)),
    );
    await clock.advance(10);
    const controller = new AbortController();
    const closed = queue.close(controller.signal);
    controller.abort();
    await closed;
    expect(await Promise.all(outcomes)).toEqual([
      'unknown-outcome',
      'unknown-outcome',
      'closed',
      'closed',
      'closed',
      'closed',
    ]);
    expect(await outcomeOf(queue.add(message('late'), 10, undefined))).toBe('closed');
  });
});
