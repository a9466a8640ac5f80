import { type Channel, checkName } from './channel.ts';
import type { ProvisionOptions } from './consumer-types.ts';
import { defaults } from './defaults.ts';
import { deferred } from './deferred.ts';
import type { Address, Backlog, Driver, Receiver, WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { PublishQueue } from './publish-queue.ts';
import { checkNumber, checkWhole, needs } from './settings.ts';
import { timer, type Wheel } from './wheel.ts';

type SomeChannel = Channel<unknown, unknown, 'none' | 'key'>;

export interface AdministrationOptions {
  readonly driver: Driver;
  readonly wheel: Wheel;
  readonly operationTimeoutMs: number;
  readonly queueTo: (driver: Driver, address: Address) => PublishQueue;
}

interface GroupOptions {
  readonly group?: string;
  readonly signal?: AbortSignal;
}

/** Provision, check, backlog and redrive: what is done to channels rather than with messages. */
export interface Administration {
  provision(channels: readonly SomeChannel[], options: ProvisionOptions): Promise<void>;
  check(channel: SomeChannel | undefined, signal: AbortSignal | undefined): Promise<void>;
  backlog(channel: SomeChannel, options: GroupOptions): Promise<Backlog>;
  redrive(
    channel: SomeChannel,
    options: GroupOptions & { readonly maxPerSecond?: number },
  ): Promise<{ readonly moved: number }>;
}

export function createAdministration({
  driver,
  wheel,
  operationTimeoutMs,
  queueTo,
}: AdministrationOptions): Administration {
  const { capabilities, name: transport } = driver;

  /** Runs `work` under the caller's signal and the bound of one operation. */
  async function bounded<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const stop = deferred<never>();
    stop.promise.catch(() => undefined);
    const abort = (reason: IntermodalError): void => {
      controller.abort(reason);
      stop.reject(reason);
    };
    const tooSlow = timer(() => {
      abort(
        new IntermodalError(
          'timeout',
          `'${transport}' did not answer within ${operationTimeoutMs} ms`,
          { transport, retryable: true },
        ),
      );
    });
    const onAbort = (): void => {
      abort(
        new IntermodalError('aborted', 'the operation was aborted', {
          transport,
          cause: signal?.reason,
        }),
      );
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    wheel.set(tooSlow, wheel.clock.now() + operationTimeoutMs);
    try {
      return await Promise.race([work(controller.signal), stop.promise]);
    } catch (error) {
      throw IntermodalError.from(error, { transport });
    } finally {
      wheel.cancel(tooSlow);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  function mainAddress(channel: SomeChannel, group: string | undefined): Address {
    if (capabilities.groups === 'none') return { channel: channel.name, role: 'main' };
    const named = group ?? channel.name;
    checkName('group', named);
    return { channel: channel.name, group: named, role: 'main' };
  }

  function deadLettersOf(address: Address): Address {
    return { ...address, role: 'dead-letter' };
  }

  async function provision(
    channels: readonly SomeChannel[],
    options: ProvisionOptions,
  ): Promise<void> {
    const { admin } = driver;
    if (admin === undefined) {
      throw new IntermodalError(
        'unsupported',
        `'${transport}' cannot provision: create its channels with the broker's own tools`,
        { transport },
      );
    }
    const maxAttempts = options.maxAttempts ?? defaults.maxAttempts;
    checkWhole('maxAttempts', maxAttempts, 1);
    for (const channel of channels) {
      if (channel.order === 'key')
        needs(capabilities.order === 'key', `order: 'key'`, 'order by key', transport);
      for (const group of options.groups ?? [undefined]) {
        const address = mainAddress(channel, group);
        await bounded(options.signal, (signal) =>
          admin.provision(
            address,
            {
              mode: options.mode ?? 'create',
              order: channel.order,
              maxAttempts,
              ...(capabilities.receive ? { deadLetter: deadLettersOf(address) } : {}),
            },
            signal,
          ),
        );
      }
    }
  }

  async function redrive(
    channel: SomeChannel,
    options: GroupOptions & { readonly maxPerSecond?: number },
  ): Promise<{ readonly moved: number }> {
    const open = driver.openReceiver?.bind(driver);
    if (!capabilities.receive || open === undefined) {
      throw new IntermodalError(
        'unsupported',
        `'${transport}' only publishes and has no dead letters`,
        { transport, address: channel.name },
      );
    }
    if (options.maxPerSecond !== undefined)
      checkNumber('maxPerSecond', options.maxPerSecond, 0.001);
    const address = mainAddress(channel, options.group);
    const native = driver.admin?.redrive?.bind(driver.admin);
    if (native !== undefined) {
      try {
        return await native(
          address,
          options.maxPerSecond === undefined ? {} : { maxPerSecond: options.maxPerSecond },
          options.signal ?? new AbortController().signal,
        );
      } catch (error) {
        if (!IntermodalError.is(error, 'unsupported'))
          throw IntermodalError.from(error, { transport });
      }
    }
    return moveByHand(open, address, options);
  }

  /** Receives each dead letter, publishes it to its own group, and acks it only when that is confirmed. */
  async function moveByHand(
    open: NonNullable<Driver['openReceiver']>,
    address: Address,
    options: { readonly maxPerSecond?: number; readonly signal?: AbortSignal },
  ): Promise<{ moved: number }> {
    const target = queueTo(driver, address);
    const receiver = await bounded(options.signal, (signal) =>
      open(deadLettersOf(address), { prefetch, clock: wheel.clock, onLane: ignoreLane }, signal),
    );
    const started = wheel.clock.now();
    let moved = 0;
    try {
      for (;;) {
        options.signal?.throwIfAborted();
        const deliveries = await receiveOnce(receiver, options.signal);
        if (deliveries.length === 0) return { moved };
        for (const { token, message } of deliveries) {
          await target.add(revived(message), operationTimeoutMs, options.signal);
          const [outcome] = await bounded(options.signal, (signal) =>
            receiver.settle([{ token, action: 'ack' }], signal),
          );
          if (outcome !== undefined && typeof outcome !== 'string') throw outcome.failed;
          moved += 1;
          if (options.maxPerSecond !== undefined)
            await until(started + (moved * 1_000) / options.maxPerSecond, options.signal);
        }
      }
    } finally {
      await receiver.close(AbortSignal.abort());
    }
  }

  /** Nothing, once the dead letters have been empty for a moment. */
  async function receiveOnce(
    receiver: Receiver,
    signal: AbortSignal | undefined,
  ): Promise<Awaited<ReturnType<Receiver['receive']>>> {
    const stop = new AbortController();
    const quiet = timer(() => {
      stop.abort();
    });
    const onAbort = (): void => {
      stop.abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    wheel.set(quiet, wheel.clock.now() + quietMs);
    try {
      return await receiver.receive(prefetch, stop.signal);
    } finally {
      wheel.cancel(quiet);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  function revived(message: WireMessage): WireMessage {
    const headers = new Map(message.headers);
    for (const name of ['imreason', 'imorigin', 'imattempt', 'imposition']) headers.delete(name);
    // The broker would take the original's id for a repeat of it and drop what is moved back within its window.
    const dedupe = capabilities.dedupe ? { dedupeId: crypto.randomUUID() } : {};
    return { ...message, headers, ...dedupe };
  }

  function until(due: number, signal: AbortSignal | undefined): Promise<void> {
    const wait = due - wheel.clock.now();
    if (wait <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        wheel.cancel(wake);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const wake = timer(end);
      wheel.set(wake, due);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  return {
    provision,
    check: (channel, signal) =>
      bounded(signal, (bound) =>
        driver.check(
          channel === undefined ? undefined : { channel: channel.name, role: 'main' },
          bound,
        ),
      ),
    backlog(channel, options) {
      const backlog = driver.admin?.backlog?.bind(driver.admin);
      if (backlog === undefined) {
        return Promise.reject(
          new IntermodalError('unsupported', `'${transport}' does not tell its backlog`, {
            transport,
            address: channel.name,
          }),
        );
      }
      return bounded(options.signal, (signal) =>
        backlog(mainAddress(channel, options.group), signal),
      );
    },
    redrive,
  };
}

// Dead letters of a redrive under way at once, and how long none may come before it ends.
const prefetch = 10;
const quietMs = 2_000;

function ignoreLane(): Promise<void> {
  return Promise.resolve();
}
