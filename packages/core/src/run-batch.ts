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
      waitingSince = undefined;
      running += 1;
      void run(take()).then(ended);
    }
  }

  function take(): Held[] {
    const batch: Held[] = [];
    while (batch.length < options.max) {
      const held = engine.lanes.next();
      if (held === undefined) break;
      batch.push(held);
      while (batch.length < options.max) {
        const follower = engine.lanes.nextOf(held);
        if (follower === undefined) break;
        batch.push(follower);
      }
    }
    return batch;
  }

  async function run(batch: readonly Held[]): Promise<void> {
    const handles: DeliveryHandle[] = [];
    const blocked = new Set<string>();
    const back: Held[] = [];
    for (const held of batch) {
      if (held.orderKey !== undefined && blocked.has(held.orderKey)) {
        back.push(held);
        continue;
      }
      const handle = await hand(engine, held);
      if (handle === undefined || held.lost || held.settled) {
        // It is on its way to the dead letters, say: its followers wait for that.
        if (held.orderKey !== undefined) blocked.add(held.orderKey);
        continue;
      }
      engine.started(held, handle);
      handles.push(handle);
    }
    engine.lanes.back(back);
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
    // Of a key, what comes after the first that will be tried again comes again after it, unless it was settled.
    const failing = new Set<string>();
    // A dead letter may still fail to be stored: what is to be tried again behind it waits for that.
    const rejecting = new Set<string>();
    const behind: DeliveryHandle[] = [];
    for (const handle of handles) {
      const { held } = handle;
      const key = held.orderKey;
      const retried =
        handle.intent?.action === 'retry' || (handle.intent === undefined && failure !== undefined);
      if (key === undefined) continue;
      const waits = failing.has(key) || (retried && rejecting.has(key));
      if (waits && engine.isOpen(handle)) behind.push(handle);
      else if (retried) failing.add(key);
      else if (handle.intent?.action === 'reject' && !held.settled) rejecting.add(key);
    }
    engine.rewind(behind);
    for (const handle of handles) if (!behind.includes(handle)) engine.returned(handle, failure);
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
