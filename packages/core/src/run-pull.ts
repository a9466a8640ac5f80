import type { Engine, Runner } from './runner.ts';
import { deferred, type Deferred } from './deferred.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import { hand } from './handing.ts';
import type { IntermodalError } from './error.ts';
import type { Held } from './held.ts';

export interface PullRunner extends Runner {
  /** The next delivery; undefined when the consumer has stopped. Rejects when it cannot go on. */
  next(): Promise<DeliveryHandle | undefined>;
  end(error: IntermodalError | undefined): void;
  /** The application has left its loop: what it holds unsettled goes back instead of being waited for. */
  leave(): void;
}

/** Hands a delivery to whoever asks; what was handed out runs until it is settled. */
export function runPull(engine: Engine): PullRunner {
  const asking: Deferred<DeliveryHandle | undefined>[] = [];
  const held = new Set<DeliveryHandle>();
  let draining: (() => void)[] = [];
  let ended: { readonly error: IntermodalError | undefined } | undefined;

  function dispatch(): void {
    while (asking.length > 0 && engine.open) {
      const next = engine.lanes.next();
      if (next === undefined) return;
      const asked = asking.shift();
      if (asked !== undefined) give(next, asked);
    }
  }

  function give(next: Held, asked: Deferred<DeliveryHandle | undefined>): void {
    const handed = hand(engine, next);
    if (handed instanceof Promise) void handed.then((handle) => start(next, handle, asked));
    else start(next, handed, asked);
  }

  function start(
    next: Held,
    handle: DeliveryHandle | undefined,
    asked: Deferred<DeliveryHandle | undefined>,
  ): void {
    if (handle === undefined || next.lost || next.settled) {
      asking.unshift(asked);
      if (ended === undefined) dispatch();
      else end(ended.error);
      return;
    }
    engine.started(next, handle);
    held.add(handle);
    handle.onOver = () => {
      if (!held.delete(handle)) return;
      engine.returned(handle, undefined);
      if (held.size === 0) for (const resolve of draining.splice(0)) resolve();
    };
    asked.resolve(handle);
  }

  function end(error: IntermodalError | undefined): void {
    ended ??= { error };
    for (const asked of asking.splice(0)) {
      if (error === undefined) asked.resolve(undefined);
      else asked.reject(error);
    }
  }

  return {
    dispatch,
    next() {
      if (ended?.error !== undefined) return Promise.reject(ended.error);
      if (ended !== undefined) return Promise.resolve(undefined);
      const asked = deferred<DeliveryHandle | undefined>();
      asking.push(asked);
      dispatch();
      return asked.promise;
    },
    end,
    leave() {
      for (const handle of held) {
        handle.onOver = undefined;
        engine.leave(handle);
      }
      held.clear();
      for (const resolve of draining.splice(0)) resolve();
    },
    drain() {
      if (held.size === 0) return Promise.resolve();
      return new Promise((resolve) => draining.push(resolve));
    },
    abandon() {
      draining = [];
    },
  };
}
