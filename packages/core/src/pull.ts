import type { EngineConsumer } from './consumer-engine.ts';
import type { Engine, Runner } from './runner.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import { IntermodalError } from './error.ts';
import { type PullRunner, runPull } from './run-pull.ts';

/** An iterator over a consumer that starts with its first `next` and stops with its `return`. */
export function pull(
  start: (createRunner: (engine: Engine) => Runner) => Promise<EngineConsumer>,
): AsyncIterableIterator<DeliveryHandle> {
  let runner: PullRunner | undefined;
  let starting: Promise<EngineConsumer> | undefined;
  let left = false;

  async function open(): Promise<EngineConsumer> {
    const consumer = await start((engine) => {
      runner = runPull(engine);
      return runner;
    });
    consumer.done.then(
      () => runner?.end(undefined),
      (error: unknown) => runner?.end(IntermodalError.from(error)),
    );
    return consumer;
  }

  return {
    async next() {
      if (left) return { done: true, value: undefined };
      starting ??= open();
      await starting;
      const delivery = await runner?.next();
      return delivery === undefined
        ? { done: true, value: undefined }
        : { done: false, value: delivery };
    },
    async return() {
      left = true;
      // What kept it from starting is told to who waits in `next`; leaving is none of its failures.
      const consumer = await starting?.catch(() => undefined);
      runner?.end(undefined);
      const stopped = consumer?.stop();
      runner?.leave();
      await stopped;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
