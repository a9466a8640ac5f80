import { createBlocking } from './blocking.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
import type { Consumer, StopReport } from './consumer-types.ts';
import { createDeadline } from './deadline.ts';
import { defaults } from './defaults.ts';
import { deferred } from './deferred.ts';
import type { DeliveryOwner } from './delivery-handle.ts';
import type { Receiver, WireDelivery } from './driver.ts';
import { IntermodalError } from './error.ts';
import { createFetcher } from './fetcher.ts';
import { createHandlerCalls } from './handler-calls.ts';
import { createHeld, type Held, orderKeyOf } from './held.ts';
import { createHolding } from './holding.ts';
import { createLanes } from './lanes.ts';
import { createLeases } from './leases.ts';
import { watchUnsettled } from './leak-report.ts';
import { createLink } from './link.ts';
import { createLogLanes } from './log-lanes.ts';
import type { ReceiverEpoch } from './receiver-epoch.ts';
import { createCounters, type Engine, type Runner } from './runner.ts';
import { createSettler } from './settler.ts';
import { createSettling } from './settling.ts';
import { checkWhole } from './settings.ts';
import { timer } from './wheel.ts';
import { windDown } from './wind-down.ts';

export interface EngineConsumer extends Consumer {
  /** Resolves when it is open for the first time; rejects with what makes that impossible. */
  readonly opened: Promise<void>;
}

/** One consumer: a receiver kept open, what it brought, and the runner that hands it on. */
export function createConsumerEngine(
  plan: ConsumerPlan,
  createRunner: (engine: Engine) => Runner,
): EngineConsumer {
  const { wheel, telemetry, channel, group, capabilities } = plan;
  const { clock } = wheel;
  const counters = createCounters();
  const lanes = createLanes((held) => {
    settling.resumeRetry(held);
  });
  const opened = deferred<void>();
  const done = deferred<void>();
  let epoch: ReceiverEpoch | undefined;
  let concurrency = plan.concurrency;
  let state: 'open' | 'paused' | 'stopping' = 'open';
  let stopped: Promise<StopReport> | undefined;
  let lastError: IntermodalError | undefined;
  opened.promise.catch(() => undefined);

  const fetcher = createFetcher({
    wheel,
    prefetch: plan.prefetch,
    held: () => holding.all.size,
    onDeliveries: arrive,
    onFatal: fail,
  });
  const holding = createHolding({
    plan,
    lanes,
    counters,
    settling: () => settling,
    onForgotten: (held) => {
      blocking.end(held);
    },
    onFree: () => {
      fetcher.fill();
    },
    onReady: () => {
      runner.dispatch();
    },
  });
  const settling = createSettling({
    plan,
    lanes,
    counters,
    onSettled: (held) => {
      holding.settleUp(held);
    },
    onAgain(held) {
      lanes.again(held);
      runner.dispatch();
    },
    onGivenBack: (held) => {
      holding.forget(held);
    },
    isLeaving,
    onBlocked: (held, error) => {
      blocking.begin(held, error);
    },
    onLeft: (held) => {
      holding.lose(held, undefined);
    },
    onStuck(held, cause) {
      if (held.epoch.receiver !== link.current) return;
      const text = `a delivery of '${channel}' could not be settled: ${cause.message}`;
      link.drop(new IntermodalError('unavailable', text, { address: channel, cause }));
    },
  });
  const logLanes = createLogLanes(plan, lanes, holding);
  const blocking = createBlocking({
    plan,
    lanes,
    counters,
    checkpoints: () => logLanes.checkpoints,
  });
  const owner: DeliveryOwner = {
    channel,
    group,
    settle: settling.settle,
    extend: (held, leaseMs) => held.epoch.leases.extend(held, leaseMs),
  };

  const link = createLink<Receiver>({
    wheel,
    timeoutMs: plan.operationTimeoutMs,
    open: (signal) => plan.open(logLanes.onLane, signal),
    discard: (receiver) => void receiver.close(AbortSignal.abort()),
    wanted: () => state !== 'stopping',
    onUp,
    onDown,
    onRetry(delayMs, error) {
      lastError = error;
      telemetry?.({ type: 'reopening', side: 'receiver', channel, group, delayMs, error });
    },
    onRefused: fail,
  });
  const openTimeout = timer(() => {
    const text = `no connection to consume '${channel}' within ${plan.operationTimeoutMs} ms`;
    fail(new IntermodalError('unavailable', text, { address: channel, cause: lastError }));
  });
  const deadline = createDeadline(wheel);
  const unwatch = watchUnsettled(plan, holding.all);

  const engine: Engine = {
    ...createHandlerCalls({ plan, counters, lanes, holding, settling, isLeaving }),
    lanes,
    owner,
    plan,
    get concurrency() {
      return concurrency;
    },
    get open() {
      return state === 'open';
    },
  };
  const runner = createRunner(engine);

  function isLeaving({ wire }: Held): boolean {
    return wire.lane !== undefined && logLanes.isRevoking(wire.lane);
  }

  function onUp(receiver: Receiver): void {
    wheel.cancel(openTimeout);
    if (epoch !== undefined) counters.reopened += 1;
    telemetry?.({ type: 'opened', side: 'receiver', channel, group });
    epoch = {
      receiver,
      settler: createSettler(receiver, wheel, plan.operationTimeoutMs),
      leases: createLeases(receiver, wheel, plan.operationTimeoutMs, holding.leaseLost),
    };
    logLanes.use(receiver);
    fetcher.use(receiver);
    opened.resolve();
  }

  function onDown(_: Receiver, error: IntermodalError | undefined): void {
    fetcher.use(undefined);
    logLanes.use(undefined);
    epoch?.leases.kill();
    const gone = epoch;
    holding.loseAll((held) => held.epoch === gone, error);
    epoch?.settler.kill();
  }

  function arrive(receiver: Receiver, deliveries: readonly WireDelivery[]): void {
    if (epoch?.receiver !== receiver || link.current !== receiver) return;
    const now = clock.now();
    const { checkpoints } = logLanes;
    for (const wire of deliveries) {
      if (wire.lane !== undefined && logLanes.isRevoking(wire.lane)) continue;
      const held = createHeld(wire, epoch, orderKeyOf(wire, capabilities), now);
      if (checkpoints !== undefined && wire.lane !== undefined) {
        held.passed = checkpoints.arrive(wire.lane, wire.token);
      }
      holding.add(held);
      epoch.leases.track(held);
      lanes.arrive(held);
    }
    if (state === 'open') runner.dispatch();
    else if (state === 'paused') holding.giveBackForPause();
    else holding.giveBackUnstarted();
  }

  /** It cannot go on: `done` says so at once, and what runs is wound up behind it. */
  function fail(error: IntermodalError): void {
    if (state === 'stopping') return;
    if (epoch === undefined) done.promise.catch(() => undefined); // `consume` itself rejects
    opened.reject(error);
    done.reject(error);
    void stop({});
  }

  function stop(settings: { readonly deadlineMs?: number }): Promise<StopReport> {
    deadline.within(settings.deadlineMs ?? defaults.stopDeadlineMs);
    if (stopped !== undefined) return stopped;
    state = 'stopping';
    wheel.cancel(openTimeout);
    unwatch();
    const receiver = link.current;
    link.close();
    opened.reject(new IntermodalError('closed', 'the consumer was stopped before it was open'));
    const parts = { plan, fetcher, lanes, holding, logLanes, runner, counters, receiver, epoch };
    stopped = windDown({ ...parts, deadline: deadline.signal }).then((report) => {
      deadline.cancel();
      plan.onStopped();
      done.resolve();
      return report;
    });
    return stopped;
  }

  wheel.set(openTimeout, clock.now() + plan.operationTimeoutMs);
  link.ensure();

  return {
    opened: opened.promise,
    done: done.promise,
    pause() {
      if (state !== 'open') return;
      state = 'paused';
      fetcher.pause();
      holding.giveBackForPause();
    },
    resume() {
      if (state !== 'paused') return;
      state = 'open';
      fetcher.resume();
      runner.dispatch();
    },
    setConcurrency(next) {
      checkWhole('concurrency', next, 1);
      concurrency = Math.min(next, plan.prefetch);
      runner.dispatch();
    },
    stats() {
      const { running, acked, retried, deadLettered, leaseLost, reopened, blocked } = counters;
      const waiting = holding.all.size - running;
      return { running, waiting, acked, retried, deadLettered, leaseLost, reopened, blocked };
    },
    stop: (settings = {}) => stop(settings),
    async [Symbol.asyncDispose]() {
      await stop({});
    },
  };
}
