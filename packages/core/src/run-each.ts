import type { Engine, Runner } from './runner.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import { hand } from './handing.ts';
import type { Held } from './held.ts';

export type Handler = (delivery: DeliveryHandle) => Promise<void> | void;

/** Where a handler runs: what hears of its end is made once for all that run there. */
interface Slot {
  handle: DeliveryHandle | undefined;
  readonly onReturn: () => void;
  readonly onThrow: (error: unknown) => void;
}

/** Calls the handler once per delivery, up to `concurrency` at once. */
export function runEach(engine: Engine, handler: Handler): Runner {
  const { middleware } = engine.plan;
  const call = middleware.length === 0 ? handler : wrapped;
  let running = 0;
  let dispatching = false;
  let draining: (() => void)[] = [];
  const free: Slot[] = [];

  function dispatch(): void {
    if (dispatching) return; // a handler that returns at once would otherwise nest a call per message
    dispatching = true;
    while (running < engine.concurrency && engine.open) {
      const held = engine.lanes.next();
      if (held === undefined) break;
      begin(held);
    }
    dispatching = false;
  }

  function begin(held: Held): void {
    running += 1;
    const handed = hand(engine, held);
    if (handed instanceof Promise) void handed.then((handle) => start(held, handle));
    else start(held, handed);
  }

  function start(held: Held, handle: DeliveryHandle | undefined): void {
    if (handle === undefined || held.lost || held.settled) {
      ended();
      return;
    }
    engine.started(held, handle);
    let result: Promise<void> | void;
    try {
      result = call(handle);
    } catch (error) {
      engine.returned(handle, { error });
      ended();
      return;
    }
    if (result === undefined) {
      engine.returned(handle, undefined);
      ended();
      return;
    }
    const slot = free.pop() ?? createSlot();
    slot.handle = handle;
    Promise.resolve(result).then(slot.onReturn, slot.onThrow);
  }

  function createSlot(): Slot {
    const slot: Slot = {
      handle: undefined,
      onReturn() {
        leave(slot, undefined);
      },
      onThrow(error) {
        leave(slot, { error });
      },
    };
    return slot;
  }

  function leave(slot: Slot, failure: { readonly error: unknown } | undefined): void {
    const { handle } = slot;
    slot.handle = undefined;
    free.push(slot);
    if (handle !== undefined) engine.returned(handle, failure);
    ended();
  }

  function ended(): void {
    running -= 1;
    dispatch();
    if (running > 0) return;
    for (const resolve of draining) resolve();
    draining = [];
  }

  function wrapped(handle: DeliveryHandle): Promise<void> {
    return runThrough(middleware, handle, async () => {
      await handler(handle);
    });
  }

  return {
    dispatch,
    drain() {
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => draining.push(resolve));
    },
    abandon() {
      draining = [];
    },
  };
}

/** Outermost first. */
export function runThrough(
  middleware: Engine['plan']['middleware'],
  handle: DeliveryHandle,
  last: () => Promise<void>,
): Promise<void> {
  let next = last;
  for (const layer of middleware.toReversed()) {
    const inner = next;
    next = async () => {
      await layer(handle, inner);
    };
  }
  return next();
}
