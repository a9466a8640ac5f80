import { type Channel, checkName } from './channel.ts';
import type { ClientOptions } from './client-options.ts';
import type { ConsumerSettings, OnFailure } from './consumer-types.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
import { createDeadLetters } from './dead-letters.ts';
import { defaults } from './defaults.ts';
import type { Address, Driver, StartPosition } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { Held } from './held.ts';
import type { PublishQueue } from './publish-queue.ts';
import { resolveRetryPolicy } from './retry-policy.ts';
import { checkNumber, checkWhole, needs } from './settings.ts';
import type { Wheel } from './wheel.ts';

/** What the runtime reads of consume options, whatever the transport's type allows. */
export interface AnyConsumeOptions extends ConsumerSettings {
  readonly group?: string | undefined;
  readonly leaseMs?: number | undefined;
  readonly from?: StartPosition | undefined;
  readonly onFailure?: OnFailure | undefined;
}

export interface ConsumingOptions {
  readonly driver: Driver;
  readonly wheel: Wheel;
  readonly client: ClientOptions;
  readonly operationTimeoutMs: number;
  readonly queueTo: (driver: Driver, address: Address) => PublishQueue;
}

/**
 * Fills in every default.
 *
 * @throws `unsupported`, `invalid-argument`
 */
export function planConsumer(
  { driver, wheel, client, operationTimeoutMs, queueTo }: ConsumingOptions,
  source: Channel<unknown, unknown, 'none' | 'key'>,
  options: AnyConsumeOptions,
  origin: string,
  onStopped: () => void,
): ConsumerPlan {
  const { capabilities, name: transport } = driver;
  const openReceiver = driver.openReceiver?.bind(driver);
  if (!capabilities.receive || openReceiver === undefined) {
    throw new IntermodalError(
      'unsupported',
      `'${transport}' only publishes: consume from what it delivers to instead`,
      { transport, address: source.name },
    );
  }
  if (source.order === 'key')
    needs(capabilities.order === 'key', `order: 'key'`, 'order by key', transport);
  const group = options.group ?? source.name;
  checkName('group', group);
  if (options.leaseMs !== undefined) {
    needs(capabilities.lease, 'leaseMs', 'lease', transport);
    checkNumber('leaseMs', options.leaseMs, 1);
  }
  if (options.from !== undefined) needs(capabilities.replay, 'from', 'replay', transport);
  const onFailure = options.onFailure ?? 'dead-letter';
  if (options.onFailure !== undefined) {
    needs(capabilities.settle === 'watermark', 'onFailure', 'a log', transport);
    if (!['dead-letter', 'block-key', 'block-shard'].includes(onFailure)) {
      const text = `onFailure must be dead-letter, block-key or block-shard, not ${onFailure}`;
      throw new IntermodalError('invalid-argument', text, { transport, address: source.name });
    }
  }
  const concurrency = options.concurrency ?? defaults.concurrency;
  checkWhole('concurrency', concurrency, 1);
  const prefetch = options.prefetch ?? concurrency;
  checkWhole('prefetch', prefetch, 1);
  if (prefetch < concurrency && options.concurrency !== undefined) {
    const text = `prefetch (${prefetch}) must be at least concurrency (${concurrency}): a handler needs a delivery`;
    throw new IntermodalError('invalid-argument', text, { transport, address: source.name });
  }
  for (const name of [
    'handlerTimeoutMs',
    'localRetryMaxMs',
    'checkpointMs',
    'unsettledWarningMs',
  ] as const) {
    const value = options[name];
    if (value !== undefined) checkNumber(name, value, name === 'handlerTimeoutMs' ? 1 : 0);
  }

  const address: Address = { channel: source.name, group, role: 'main' };
  const deadLetterDriver = options.deadLetter?.transport ?? driver;
  const native = options.deadLetter?.address;
  const deadLetterAddress: Address = {
    channel: source.name,
    group,
    role: 'dead-letter',
    ...(native === undefined ? {} : { native }),
  };
  const { telemetry } = client;

  return {
    source,
    channel: source.name,
    group,
    capabilities,
    cloudEventsPrefix: driver.cloudEventsPrefix ?? 'ce-',
    wheel,
    telemetry,
    middleware: client.middleware?.consume ?? [],
    concurrency: Math.min(concurrency, prefetch),
    prefetch,
    handlerTimeoutMs: options.handlerTimeoutMs,
    policy: resolveRetryPolicy(options.retry, wheel.clock),
    onFailure,
    localRetryMaxMs: options.localRetryMaxMs ?? defaults.localRetryMaxMs,
    checkpointMs: options.checkpointMs ?? defaults.checkpointMs,
    unsettledWarningMs: options.unsettledWarningMs ?? defaults.unsettledWarningMs,
    operationTimeoutMs,
    deadLetters: createDeadLetters({
      queue: queueTo(deadLetterDriver, deadLetterAddress),
      origin: `${transport}:${source.name}/${group}`,
      elsewhere: options.deadLetter?.transport !== undefined || native !== undefined,
      timeoutMs: operationTimeoutMs,
    }),
    open: (onLane, signal) =>
      openReceiver(
        address,
        { prefetch, leaseMs: options.leaseMs, from: options.from, clock: wheel.clock, onLane },
        signal,
      ),
    onUnsettled(held: Held, ms: number) {
      const attempt = held.handle?.attempt ?? 1;
      const { id, key } = held.handle ?? held.wire.message;
      if (telemetry !== undefined)
        telemetry({ type: 'unsettled', channel: source.name, group, id, key, attempt, ms, origin });
      else
        process.emitWarning(
          `a delivery of '${source.name}' (id ${id}) is unsettled after ${ms} ms; its consumer was started at ${origin}`,
          'IntermodalWarning',
        );
    },
    onStopped,
  };
}
