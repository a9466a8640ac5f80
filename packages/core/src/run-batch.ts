import type { BatchOptions } from './consumer-types.ts';
import type { Engine, Runner } from './runner.ts';
import { defaults } from './defaults.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import { hand } from './handing.ts';
import type { Held } from './held.ts';
import { runThrough } from './run-each.ts';
import { timer } from './wheel.ts';

export type BatchHandler = (deliveries: readonly DeliveryHandle[]) => Promise<void> | void;

/** Calls the handler with up to `max` deliveries; a batch may hold several of one key, in order. */
export function runBatch(engine: Engine, options: BatchOptions, handler: BatchHandler): Runner {
  const { wheel, middleware } = engine.plan;
  const waitMs = options.waitMs ?? defaults.batchWaitMs;
  let running = 0;
  let waitingSince: number | undefined;
  let draining: (() => void)[] = [];
  const waited = timer(dispatch);

  function dispatch(): void {
    while (running < engine.concurrency && engine.open && engine.lanes.readyCount > 0) {
      const now = wheel.clock.now();
      waitingSince ??= now;
      const full =
        engine.lanes.readyCount >= options.max || engine.lanes.readyCount >= engine.plan.prefetch;
      if (!full && now < waitingSince + waitMs) {
        wheel.set(waited, waitingSince + waitMs);
        return;
      }
      const batch = take();
      // What blocks is tried over and over: the others wait no longer for that.
      if (batch[0]?.blocking !== true || engine.lanes.readyCount === 0) waitingSince = undefined;
      running += 1;
      void run(batch).then(ended);
    }
  }

  /** What blocks is alone in its batch: whoever shares one with it would fail with it each time. */
  function take(): Held[] {
    const batch: Held[] = [];
    let next = engine.lanes.next();
    while (next !== undefined) {
      if (next.blocking && batch.length > 0) {
        engine.lanes.again(next);
        break;
      }
      batch.push(next);
      if (next.blocking || batch.length === options.max) break;
      next = engine.lanes.nextOf(next) ?? engine.lanes.next();
    }
    return batch;
  }

  async function run(batch: readonly Held[]): Promise<void> {
    const decoded: [Held, DeliveryHandle][] = [];
    const blocked = new Set<string>();
    for (const held of batch) {
      const { orderKey } = held;
      if (orderKey !== undefined && blocked.has(orderKey)) {
        engine.waitAgain(held);
        continue;
      }
      const handed = hand(engine, held);
      const handle = handed instanceof Promise ? await handed : handed;
      if (handle !== undefined) decoded.push([held, handle]);
      // It is on its way to the dead letters, say: its followers wait for that.
      else if (orderKey !== undefined) blocked.add(orderKey);
    }
    // All at once: the time of the first one must not run while others are being decoded.
    const handles: DeliveryHandle[] = [];
    for (const [held, handle] of decoded) {
      if (held.lost || held.settled) continue;
      if (held.cutOff) {
        engine.waitAgain(held);
        continue;
      }
      engine.started(held, handle);
      handles.push(handle);
    }
    if (handles.length === 0) return;
    let failure: { readonly error: unknown } | undefined;
    try {
      await through(handles, 0);
    } catch (error) {
      failure = { error };
    }
    finish(handles, failure);
  }

  /** Each delivery passes its own middleware; the handler runs inside of all of them. */
  function through(handles: readonly DeliveryHandle[], index: number): Promise<void> {
    const handle = handles[index];
    if (handle === undefined) return Promise.resolve(handler(handles));
    if (middleware.length === 0) return Promise.resolve(handler(handles));
    return runThrough(middleware, handle, () => through(handles, index + 1));
  }

  function finish(
    handles: readonly DeliveryHandle[],
    failure: { readonly error: unknown } | undefined,
  ): void {
    // Of a key, what is undecided behind the first that will be tried again comes again after it.
    const failing = new Set<string>();
    const behind = new Set<DeliveryHandle>();
    for (const handle of handles) {
      const { held, intent } = handle;
      const key = held.orderKey;
      if (key === undefined || held.lost) continue;
      if (failing.has(key)) {
        if (intent === undefined) behind.add(handle);
        continue;
      }
      if (intent?.action === 'retry' || (intent === undefined && failure !== undefined))
        failing.add(key);
    }
    for (const handle of behind) engine.rewind(handle);
    for (const handle of handles) if (!behind.has(handle)) engine.returned(handle, failure);
  }

  function ended(): void {
    running -= 1;
    dispatch();
    if (running > 0) return;
    for (const resolve of draining) resolve();
    draining = [];
  }

  return {
    dispatch,
    drain() {
      wheel.cancel(waited);
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => draining.push(resolve));
    },
    abandon() {
      wheel.cancel(waited);
      draining = [];
    },
  };
}
