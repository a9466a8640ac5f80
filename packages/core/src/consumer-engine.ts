import { createCheckpoints, type Checkpoints } from './checkpoints.ts';
import type { Consumer, ConsumerStats, StopReport } from './consumer-types.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
import { type DeliveryHandle, type DeliveryOwner } from './delivery-handle.ts';
import type { Receiver, WireDelivery } from './driver.ts';
import { deferred, within } from './deferred.ts';
import { IntermodalError } from './error.ts';
import { createFetcher } from './fetcher.ts';
import { createHeld, type Held } from './held.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createLeases } from './leases.ts';
import { createLink } from './link.ts';
import type { ReceiverEpoch } from './receiver-epoch.ts';
import { createSettler } from './settler.ts';
import { createSettling } from './settling.ts';
import { timer } from './wheel.ts';

export interface ConsumerCounters {
  acked: number;
  retried: number;
  deadLettered: number;
  leaseLost: number;
  reopened: number;
}

/** What hands deliveries to the application: one by one, in batches, or pulled. */
export interface Runner {
  /** Something may be ready, or a slot free. */
  dispatch(): void;
  /** Nothing is started any more; resolves when nothing runs. */
  drain(): Promise<void>;
  /** It is given up: nobody waits for what still runs. */
  abandon(): void;
}

/** What a runner may ask of its consumer. */
export interface Engine {
  readonly lanes: Lanes;
  readonly owner: DeliveryOwner;
  readonly plan: ConsumerPlan;
  readonly concurrency: number;
  /** False while paused or stopping. */
  readonly open: boolean;
  /** The handler of this attempt was called. */
  started(held: Held, handle: DeliveryHandle): void;
  /** It returned, or threw `error`. */
  returned(handle: DeliveryHandle, failure: { readonly error: unknown } | undefined): void;
  /** The application has gone away without settling it: it goes back. */
  leave(handle: DeliveryHandle): void;
  /** It cannot be understood: to the dead letters, alone. */
  refuse(held: Held, handle: DeliveryHandle, reason: string): void;
}

export interface EngineConsumer extends Consumer {
  /** Resolves when it is open for the first time; rejects with what makes that impossible. */
  readonly opened: Promise<void>;
}

export function createConsumerEngine(
  plan: ConsumerPlan,
  createRunner: (engine: Engine) => Runner,
): EngineConsumer {
  const { wheel, telemetry, channel, group, capabilities } = plan;
  const { clock } = wheel;
  const counters: ConsumerCounters = {
    acked: 0,
    retried: 0,
    deadLettered: 0,
    leaseLost: 0,
    reopened: 0,
  };
  const lanes = createLanes();
  const all = new Set<Held>();
  const revoking = new Set<string>();
  const emptied: (() => void)[] = [];
  const laneIdle: { readonly lane: string; readonly resolve: () => void }[] = [];
  let epoch: ReceiverEpoch | undefined;
  let checkpoints: Checkpoints | undefined;
  let concurrency = plan.concurrency;
  let paused = false;
  let stopping: Promise<StopReport> | undefined;
  let released = 0;
  let failure: IntermodalError | undefined;

  const opened = deferred<void>();
  const done = deferred<void>();
  opened.promise.catch(() => undefined);

  const owner: DeliveryOwner = {
    channel,
    group,
    settle(handle, intent) {
      settling.settle(handle, intent);
    },
    extend: (held, leaseMs) => held.epoch.leases.extend(held, leaseMs),
  };

  const settling = createSettling({
    channel,
    group,
    capabilities,
    wheel,
    lanes,
    policy: plan.policy,
    localRetryMaxMs: plan.localRetryMaxMs,
    deadLetters: plan.deadLetters,
    counters,
    telemetry,
    onSettled: maybeForget,
    onAgain(held) {
      lanes.again(held);
      runner.dispatch();
    },
    onGivenBack: forget,
  });

  const fetcher = createFetcher({
    wheel,
    prefetch: plan.prefetch,
    held: () => all.size,
    onDeliveries: arrive,
    onFatal: fail,
  });

  const link = createLink<Receiver>({
    wheel,
    timeoutMs: plan.operationTimeoutMs,
    open: (signal) => plan.open(onLane, signal),
    discard: (receiver) => void receiver.close(AbortSignal.abort()),
    wanted: () => stopping === undefined,
    onUp,
    onDown,
    onRetry(delayMs, error) {
      lastError = error;
      telemetry?.({ type: 'reopening', side: 'receiver', channel, group, delayMs, error });
    },
    onRefused: fail,
  });
  let lastError: IntermodalError | undefined;
  const openTimeout = timer(() => {
    const text = `no connection to consume '${channel}' within ${plan.operationTimeoutMs} ms`;
    fail(lastError ?? new IntermodalError('timeout', text, { address: channel, retryable: true }));
  });
  const unsettledCheck = timer(reportUnsettled);

  const engine: Engine = {
    lanes,
    owner,
    plan,
    get concurrency() {
      return concurrency;
    },
    get open() {
      return !paused && stopping === undefined && failure === undefined;
    },
    started(held, handle) {
      held.running = true;
      held.handle = handle;
      held.startedAt = clock.now();
      if (telemetry !== undefined)
        telemetry({
          type: 'delivered',
          channel,
          group,
          id: held.wire.message.id,
          key: held.wire.message.key,
          attempt: handle.attempt,
          redelivered: handle.redelivered,
        });
      if (plan.handlerTimeoutMs === undefined) return;
      held.alarm.onDue = () => {
        handle.abandoned = true;
        const text = `the handler of '${channel}' did not return within ${plan.handlerTimeoutMs} ms`;
        const error = new IntermodalError('timeout', text, { address: channel });
        handle.abort(error);
        // Where only this process can retry, the retry waits until the handler has really returned.
        if (handle.intent === undefined) settling.fail(handle, error);
      };
      wheel.set(held.alarm, held.startedAt + plan.handlerTimeoutMs);
    },
    returned(handle, thrown) {
      const { held } = handle;
      held.running = false;
      if (plan.handlerTimeoutMs !== undefined && !handle.abandoned) wheel.cancel(held.alarm);
      if (held.lost) {
        maybeForget(held);
        return;
      }
      if (handle.intent === undefined) {
        if (thrown === undefined) {
          handle.intent = { action: 'ack' };
          settling.settle(handle, handle.intent);
        } else settling.fail(handle, thrown.error);
        return;
      }
      if (held.settled) maybeForget(held);
      else settling.resumeRetry(handle);
    },
    leave({ held }) {
      held.running = false;
      if (held.lost || held.settled) maybeForget(held);
      else giveBack([held]);
    },
    refuse(held, handle, reason) {
      held.handle = handle;
      handle.intent = { action: 'reject', reason };
      settling.settle(handle, handle.intent);
    },
  };
  const runner = createRunner(engine);

  function onUp(receiver: Receiver): void {
    wheel.cancel(openTimeout);
    if (epoch !== undefined) counters.reopened += 1;
    telemetry?.({ type: 'opened', side: 'receiver', channel, group });
    const made: ReceiverEpoch = {
      receiver,
      alive: true,
      settler: createSettler(receiver, wheel, plan.operationTimeoutMs),
      leases: createLeases(receiver, wheel, plan.operationTimeoutMs, onLeaseLost),
    };
    epoch = made;
    revoking.clear();
    checkpoints =
      receiver.checkpoint === undefined
        ? undefined
        : createCheckpoints({
            receiver,
            wheel,
            everyMs: plan.checkpointMs,
            timeoutMs: plan.operationTimeoutMs,
            maxAhead: Math.max(1_000, plan.prefetch * 10),
            onWritten: (lane) => telemetry?.({ type: 'checkpointed', channel, group, lane }),
            onLost: loseLane,
          });
    fetcher.use(receiver);
    opened.resolve();
  }

  function onDown(_: Receiver, error: IntermodalError | undefined): void {
    const gone = epoch;
    if (gone === undefined) return;
    gone.alive = false;
    fetcher.use(undefined);
    checkpoints?.kill();
    gone.leases.kill();
    for (const held of [...all]) if (held.epoch === gone) lose(held, error);
    gone.settler.kill();
  }

  function arrive(receiver: Receiver, deliveries: readonly WireDelivery[]): void {
    if (epoch === undefined || epoch.receiver !== receiver || !epoch.alive) return;
    const now = clock.now();
    for (const wire of deliveries) {
      if (wire.lane !== undefined && revoking.has(wire.lane)) continue;
      const held = createHeld(wire, epoch, orderKeyOf(wire), now);
      all.add(held);
      if (checkpoints !== undefined && wire.lane !== undefined)
        held.passed = checkpoints.arrive(wire.lane, wire.token);
      epoch.leases.track(held);
      lanes.arrive(held);
    }
    if (stopping !== undefined || paused) giveBackUnstarted();
    else runner.dispatch();
  }

  /** On a log the lane is a shard, and what must be serial is a key within it. */
  function orderKeyOf(wire: WireDelivery): string | undefined {
    if (wire.lane === undefined || capabilities.settle !== 'watermark') return wire.lane;
    return wire.message.key === undefined ? undefined : `${wire.lane}\n${wire.message.key}`;
  }

  /** Its slot and lane are free once the broker has its settlement and its handler has returned. */
  function maybeForget(held: Held): void {
    if (held.running || !(held.settled || held.lost)) return;
    if (!all.has(held)) return;
    lanes.done(held);
    forget(held);
    runner.dispatch();
  }

  function forget(held: Held): void {
    if (!all.delete(held)) return;
    held.epoch.leases.untrack(held);
    wheel.cancel(held.alarm);
    for (const waiter of laneIdle) if (waiter.lane === held.wire.lane) waiter.resolve();
    if (all.size === 0) for (const resolve of emptied.splice(0)) resolve();
    fetcher.fill();
  }

  function onLeaseLost(held: Held, error: IntermodalError | undefined): void {
    lose(held, error);
    if (held.orderKey === undefined) return;
    // The broker will bring it again: its followers must not be handled before it.
    const followers = lanes.remove(
      (other) => other.orderKey === held.orderKey && other.epoch === held.epoch && other !== held,
    );
    for (const follower of followers) settling.release(follower, () => undefined);
    for (const follower of followers) forget(follower);
  }

  function lose(held: Held, error: IntermodalError | undefined): void {
    if (held.lost || held.settled) return;
    held.lost = true;
    counters.leaseLost += 1;
    wheel.cancel(held.alarm);
    const attempt = held.handle?.attempt ?? held.wire.attempt ?? 1;
    telemetry?.({
      type: 'lease-lost',
      channel,
      group,
      id: held.wire.message.id,
      key: held.wire.message.key,
      attempt,
      error,
    });
    if (held.running || held.waiting || held.handle !== undefined) {
      held.waiting = false;
      held.handle?.abort(held.handle.leaseLost());
      maybeForget(held);
      return;
    }
    lanes.remove((other) => other === held);
    forget(held);
  }

  function loseLane(lane: string): void {
    telemetry?.({ type: 'lane', channel, group, lane, state: 'lost' });
    checkpoints?.lose(lane);
    for (const held of [...all]) if (held.wire.lane === lane) lose(held, undefined);
  }

  async function onLane(lane: string, state: 'revoking' | 'lost' | 'ended'): Promise<void> {
    if (state === 'lost') {
      loseLane(lane);
      return;
    }
    telemetry?.({ type: 'lane', channel, group, lane, state });
    if (state === 'ended') {
      await checkpoints?.end(lane);
      return;
    }
    revoking.add(lane);
    for (const held of lanes.remove((each) => each.wire.lane === lane)) forget(held);
    for (const held of [...all]) if (held.wire.lane === lane && held.waiting) lose(held, undefined);
    while ([...all].some((held) => held.wire.lane === lane)) {
      await new Promise<void>((resolve) => laneIdle.push({ lane, resolve }));
    }
    for (let index = laneIdle.length - 1; index >= 0; index -= 1)
      if (laneIdle[index]?.lane === lane) laneIdle.splice(index, 1);
    await checkpoints?.release(lane);
    revoking.delete(lane);
  }

  /** What no handler has seen goes back at once, unless that would bring a key's messages out of order. */
  function giveBackUnstarted(): void {
    if (capabilities.isolation === 'window') return;
    if (capabilities.release !== 'free' && capabilities.release !== 'counted') return;
    giveBack(lanes.remove(() => true));
  }

  function giveBack(unstarted: readonly Held[]): void {
    for (const held of unstarted) {
      settling.release(held, (given) => {
        if (given) released += 1;
      });
      forget(held);
    }
  }

  function reportUnsettled(): void {
    const now = clock.now();
    for (const held of all) {
      if (!held.running || held.reported || now - held.startedAt < plan.unsettledWarningMs)
        continue;
      held.reported = true;
      plan.onUnsettled(held, now - held.startedAt);
    }
    wheel.set(unsettledCheck, now + Math.min(plan.unsettledWarningMs, 60_000));
  }

  /** It cannot go on: `done` says so at once, and what runs is wound up behind it. */
  function fail(error: IntermodalError): void {
    if (failure !== undefined || stopping !== undefined) return;
    failure = error;
    opened.reject(error);
    if (link.current === undefined && epoch === undefined) done.promise.catch(() => undefined); // `consume` itself rejects
    done.reject(error);
    void stop({});
  }

  function stop(settings: { readonly deadlineMs?: number }): Promise<StopReport> {
    stopping ??= wind(settings.deadlineMs ?? 30_000);
    return stopping;
  }

  async function wind(deadlineMs: number): Promise<StopReport> {
    wheel.cancel(openTimeout);
    wheel.cancel(unsettledCheck);
    const before = counters.acked + counters.retried + counters.deadLettered;
    const receiver = link.current;
    link.close();
    const deadline = new AbortController();
    const over = new Promise<void>((resolve) => {
      deadline.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const overdue = timer(() => {
      deadline.abort(new IntermodalError('timeout', 'the deadline of stop has passed'));
    });
    if (deadlineMs <= 0) deadline.abort(new IntermodalError('timeout', 'stop had no time'));
    else wheel.set(overdue, clock.now() + deadlineMs);

    const fetched = fetcher.stop();
    giveBackUnstarted();
    await Promise.race([runner.drain(), over]);
    await Promise.race([fetched, over]);
    // Local retries are not awaited: they go back to the broker.
    const rest = [...lanes.remove(() => true), ...[...all].filter((held) => held.waiting)];
    giveBack(rest);
    epoch?.settler.flush();
    await Promise.race([epoch?.settler.idle(), over]);
    await Promise.race([untilEmpty(), over]);
    await Promise.race([checkpoints?.writeAll(), over]);
    let abandoned = 0;
    for (const held of [...all]) {
      abandoned += 1;
      held.handle?.abort(
        new IntermodalError('timeout', 'the consumer was stopped, and its deadline has passed', {
          address: channel,
        }),
      );
      held.lost = true;
    }
    if (receiver !== undefined)
      abandoned += (
        await within(wheel, plan.operationTimeoutMs, receiver.close(deadline.signal), {
          abandoned: 0,
        })
      ).abandoned;
    wheel.cancel(overdue);
    checkpoints?.kill();
    if (epoch !== undefined) {
      epoch.alive = false;
      epoch.leases.kill();
      epoch.settler.kill();
    }
    for (const held of [...all]) forget(held);
    runner.abandon();
    plan.onStopped();
    if (failure === undefined) done.resolve();
    return {
      completed: counters.acked + counters.retried + counters.deadLettered - before,
      released,
      abandoned,
    };
  }

  function untilEmpty(): Promise<void> {
    if (all.size === 0) return Promise.resolve();
    return new Promise((resolve) => emptied.push(resolve));
  }

  function stats(): ConsumerStats {
    let running = 0;
    for (const held of all) if (held.running) running += 1;
    return { running, waiting: all.size - running, ...counters };
  }

  wheel.set(openTimeout, clock.now() + plan.operationTimeoutMs);
  if (plan.unsettledWarningMs > 0)
    wheel.set(unsettledCheck, clock.now() + Math.min(plan.unsettledWarningMs, 60_000));
  link.ensure();

  return {
    opened: opened.promise,
    done: done.promise,
    pause() {
      if (paused) return;
      paused = true;
      fetcher.pause();
      giveBackUnstarted();
    },
    resume() {
      if (!paused) return;
      paused = false;
      fetcher.resume();
      runner.dispatch();
    },
    setConcurrency(next) {
      if (!(Number.isInteger(next) && next >= 1))
        throw new IntermodalError(
          'invalid-argument',
          `concurrency must be a whole number from 1, not ${next}`,
        );
      concurrency = Math.min(next, plan.prefetch);
      runner.dispatch();
    },
    stats,
    stop: (settings = {}) => stop(settings),
    async [Symbol.asyncDispose]() {
      await stop({});
    },
  };
}
