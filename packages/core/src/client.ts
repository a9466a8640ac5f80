import { createAdministration } from './admin.ts';
import type { Capabilities } from './capabilities.ts';
import type { Channel } from './channel.ts';
import type { ClientOptions } from './client-options.ts';
import type { Client, ClientFor, ClientOf } from './client-types.ts';
import { systemClock } from './clock.ts';
import { type AnyConsumeOptions, planConsumer } from './consuming.ts';
import { createConsumerEngine, type EngineConsumer } from './consumer-engine.ts';
import type { Engine, Runner } from './runner.ts';
import type { BatchOptions, Consumer } from './consumer-types.ts';
import { createDeadline } from './deadline.ts';
import { defaults } from './defaults.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import type { Address, Driver, Transport } from './driver.ts';
import { IntermodalError } from './error.ts';
import { within } from './deferred.ts';
import { createPublisher } from './publisher.ts';
import { createPublishQueue, type PublishQueue } from './publish-queue.ts';
import { pull } from './pull.ts';
import { runBatch } from './run-batch.ts';
import { runEach } from './run-each.ts';
import type { AnyPublishOptions } from './settings.ts';
import { checkNumber, checkWhole } from './settings.ts';
import { createWheel, timer } from './wheel.ts';

type SomeChannel = Channel<unknown, unknown, 'none' | 'key'>;

const bounds = [
  'publishTimeoutMs',
  'maxPendingMessages',
  'maxPendingBytes',
  'operationTimeoutMs',
] as const;

/**
 * A client for one transport, which it owns from here on. Nothing is opened before the first use.
 *
 * @throws `invalid-argument`
 */
export function createClient<const T extends Transport>(
  options: ClientOptions<T>,
): ClientFor<T['capabilities']>;
export function createClient(options: ClientOptions): unknown {
  for (const name of bounds) {
    const value = options[name];
    if (value !== undefined)
      (name === 'maxPendingMessages' ? checkWhole : checkNumber)(name, value, 1);
  }
  const driver: Driver = options.transport;
  const { capabilities } = driver;
  const { telemetry } = options;
  const wheel = createWheel(options.clock ?? systemClock);
  const publishTimeoutMs = options.publishTimeoutMs ?? defaults.publishTimeoutMs;
  const operationTimeoutMs = options.operationTimeoutMs ?? defaults.operationTimeoutMs;
  const queues = new Map<Driver, Map<string, PublishQueue>>();
  const byChannel = new Map<string, PublishQueue>();
  const consumers = new Set<EngineConsumer>();
  const deadline = createDeadline(wheel);
  let closing: Promise<void> | undefined;
  /** No connection is opened any more. */
  let sealed = false;

  function queueTo(target: Driver, address: Address): PublishQueue {
    if (sealed) throw closedError();
    let ofDriver = queues.get(target);
    if (ofDriver === undefined) {
      ofDriver = new Map();
      queues.set(target, ofDriver);
    }
    const name = `${address.role} ${address.channel} ${address.group ?? ''} ${address.native ?? ''}`;
    let queue = ofDriver.get(name);
    if (queue === undefined) {
      const what =
        address.role === 'main'
          ? `'${address.channel}'`
          : `the dead letters of '${address.channel}'`;
      queue = createPublishQueue({
        wheel,
        place: `${what} on ${target.name}`,
        transport: target.name,
        channel: address.channel,
        open: (signal) => target.openSender(address, signal),
        maxPendingMessages: options.maxPendingMessages ?? defaults.maxPendingMessages,
        maxPendingBytes: options.maxPendingBytes ?? defaults.maxPendingBytes,
        operationTimeoutMs,
        telemetry,
      });
      ofDriver.set(name, queue);
    }
    return queue;
  }

  function queueOf(channel: string): PublishQueue {
    let queue = byChannel.get(channel);
    if (queue === undefined) {
      queue = queueTo(driver, { channel, role: 'main' });
      byChannel.set(channel, queue);
    }
    return queue;
  }

  const publisher = createPublisher({
    driver,
    now: () => wheel.clock.now(),
    timeoutMs: publishTimeoutMs,
    middleware: options.middleware?.publish ?? [],
    queue: queueOf,
  });
  const administration = createAdministration({ driver, wheel, operationTimeoutMs, queueTo });

  function closedError(): IntermodalError {
    return new IntermodalError('closed', 'the client is closed: create another one', {
      transport: driver.name,
    });
  }

  function refuseClosed(): void {
    if (closing !== undefined) throw closedError();
  }

  async function whileOpen<R>(work: () => Promise<R>): Promise<R> {
    refuseClosed();
    return work();
  }

  /** @throws what planning and opening throw */
  async function start(
    source: SomeChannel,
    settings: AnyConsumeOptions,
    createRunner: (engine: Engine) => Runner,
  ): Promise<EngineConsumer> {
    refuseClosed();
    const origin = new Error('the consumer was started here').stack ?? '';
    if (settings.signal?.aborted === true)
      throw new IntermodalError('aborted', 'the consumer was aborted before it started');
    const onAbort = (): void => {
      void consumer.stop();
    };
    const stopped = (): void => {
      consumers.delete(consumer);
      settings.signal?.removeEventListener('abort', onAbort);
    };
    const plan = planConsumer(
      { driver, wheel, client: options, operationTimeoutMs, queueTo },
      source,
      settings,
      origin,
      stopped,
    );
    await deadLettersReachable(settings, source, plan.group);
    refuseClosed();
    const consumer = createConsumerEngine(plan, createRunner);
    consumers.add(consumer);
    settings.signal?.addEventListener('abort', onAbort, { once: true });
    await consumer.opened;
    return consumer;
  }

  /** Says at the start, and not at the first poison message, that there is no place for dead letters. */
  async function deadLettersReachable(
    settings: AnyConsumeOptions,
    source: SomeChannel,
    group: string,
  ): Promise<void> {
    const native = settings.deadLetter?.address;
    const address: Address = {
      channel: source.name,
      group,
      role: 'dead-letter',
      ...(native === undefined ? {} : { native }),
    };
    const controller = new AbortController();
    const tooSlow = timer(() => {
      controller.abort(
        new IntermodalError(
          'timeout',
          `the dead letters of '${source.name}' could not be reached within ${operationTimeoutMs} ms`,
          { retryable: true },
        ),
      );
    });
    wheel.set(tooSlow, wheel.clock.now() + operationTimeoutMs);
    try {
      await queueTo(settings.deadLetter?.transport ?? driver, address).ready(controller.signal);
    } catch (cause) {
      const error = IntermodalError.from(cause);
      if (error.code !== 'not-found') throw error;
      const text = `'${source.name}' has no place for the dead letters of group '${group}' on ${driver.name}: provision it, or set deadLetter`;
      throw new IntermodalError('not-found', text, {
        transport: driver.name,
        address: source.name,
        cause,
      });
    } finally {
      wheel.cancel(tooSlow);
    }
  }

  function close(settings: { readonly deadlineMs?: number } = {}): Promise<void> {
    const deadlineMs = settings.deadlineMs ?? defaults.stopDeadlineMs;
    deadline.within(deadlineMs);
    const stopped = Promise.all(Array.from(consumers, (consumer) => consumer.stop({ deadlineMs })));
    closing ??= stopped.then(wind);
    return closing;
  }

  async function wind(): Promise<void> {
    sealed = true;
    const all = Array.from(queues.values(), (ofDriver) => [...ofDriver.values()]).flat();
    await Promise.all(all.map((queue) => queue.close(deadline.signal)));
    deadline.cancel();
    await within(wheel, operationTimeoutMs, driver.close(), undefined);
    wheel.close();
  }

  const client: ClientOf<AnyPublishOptions, AnyConsumeOptions, 'none' | 'key', unknown> = {
    capabilities,
    transport: driver.name,
    publish(channel, body, settings) {
      if (closing !== undefined) return Promise.reject(closedError());
      return publisher.publish(channel, body, settings as AnyPublishOptions);
    },
    publishMany: (channel, messages) =>
      whileOpen(() => publisher.publishMany(channel as SomeChannel, messages as never)),
    provision: (channels, settings = {}) =>
      whileOpen(() => administration.provision(channels as SomeChannel[], settings)),
    check: (channel, settings = {}) =>
      whileOpen(() => administration.check(channel, settings.signal)),
    consume: (channel, settings, handler): Promise<Consumer> =>
      start(channel, settings, (engine) =>
        runEach(engine, handler as (delivery: DeliveryHandle) => Promise<void> | void),
      ),
    async consumeBatch(
      channel,
      settings: AnyConsumeOptions & BatchOptions,
      handler,
    ): Promise<Consumer> {
      checkWhole('max', settings.max, 1);
      if (settings.waitMs !== undefined) checkNumber('waitMs', settings.waitMs, 0);
      const prefetch = settings.prefetch ?? Math.max(settings.max * 2, settings.concurrency ?? 1);
      const concurrency = settings.concurrency ?? 1;
      return start(channel, { ...settings, prefetch, concurrency }, (engine) =>
        runBatch(
          engine,
          settings,
          handler as (deliveries: readonly DeliveryHandle[]) => Promise<void> | void,
        ),
      );
    },
    receive: (channel, settings) =>
      pull((createRunner) => start(channel, settings, createRunner)) as never,
    backlog: (channel, settings = {}) => whileOpen(() => administration.backlog(channel, settings)),
    redrive: (channel, settings = {}) => whileOpen(() => administration.redrive(channel, settings)),
    require(need) {
      for (const [name, value] of Object.entries(need)) {
        if (capabilities[name as keyof Capabilities] === value) continue;
        throw new IntermodalError(
          'unsupported',
          `'${driver.name}' does not have ${name}: ${String(value)}`,
          { transport: driver.name },
        );
      }
      return client as unknown as Client as never;
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
  return client;
}
