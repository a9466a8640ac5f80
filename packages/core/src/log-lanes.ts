import { type Checkpoints, createCheckpoints } from './checkpoints.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
import { deferred, type Deferred } from './deferred.ts';
import type { Receiver } from './driver.ts';
import type { Held } from './held.ts';
import type { Holding } from './holding.ts';
import type { Lanes } from './lanes.ts';

/** What happens to the lanes of a log: they are checkpointed, handed over, lost, and end. */
export interface LogLanes {
  /** The checkpoints of the receiver in use; undefined where it is no log. */
  readonly checkpoints: Checkpoints | undefined;
  use(receiver: Receiver | undefined): void;
  /** Whether the lane is being handed over, so that nothing more of it may be started. */
  isRevoking(lane: string): boolean;
  onLane(lane: string, state: 'revoking' | 'lost' | 'ended'): Promise<void>;
}

/** A lane that is on its way out. */
interface Leaving {
  readonly state: 'revoking' | 'ended';
  readonly lost: Deferred<void>;
}

export function createLogLanes(plan: ConsumerPlan, lanes: Lanes, holding: Holding): LogLanes {
  const { telemetry, channel, group } = plan;
  const leaving = new Map<string, Leaving>();
  let checkpoints: Checkpoints | undefined;

  const ofLane =
    (lane: string) =>
    (held: Held): boolean =>
      held.wire.lane === lane;

  function lose(lane: string): void {
    telemetry?.({ type: 'lane', channel, group, lane, state: 'lost' });
    giveUp(lane);
    checkpoints?.lose(lane);
    holding.loseAll(ofLane(lane), undefined);
  }

  /** It may be granted again at once: what still waits for its end must not take the new one for the old. */
  function giveUp(lane: string): void {
    leaving.get(lane)?.lost.resolve();
    leaving.delete(lane);
  }

  /** Resolves when no handler has anything of the lane and what was settled is written, or when it is lost. */
  async function leave(lane: string, state: Leaving['state']): Promise<void> {
    const written = checkpoints;
    const mine: Leaving = { state, lost: leaving.get(lane)?.lost ?? deferred() };
    leaving.set(lane, mine);
    if (state === 'revoking') {
      for (const held of lanes.remove(ofLane(lane))) holding.forget(held);
      for (const held of [...holding.all].filter(ofLane(lane))) {
        if (held.waiting) holding.lose(held, undefined);
      }
    }
    await Promise.race([holding.untilLaneEmpty(lane), mine.lost.promise]);
    if (leaving.get(lane) !== mine) return;
    await (state === 'revoking' ? written?.release(lane) : written?.end(lane));
    if (leaving.get(lane) === mine) leaving.delete(lane);
  }

  return {
    get checkpoints() {
      return checkpoints;
    },
    use(receiver) {
      checkpoints?.kill();
      for (const lane of [...leaving.keys()]) giveUp(lane);
      checkpoints =
        receiver?.checkpoint === undefined
          ? undefined
          : createCheckpoints({
              receiver,
              wheel: plan.wheel,
              everyMs: plan.checkpointMs,
              timeoutMs: plan.operationTimeoutMs,
              maxAhead: Math.max(1_000, plan.prefetch * 10),
              onWritten: (lane) => telemetry?.({ type: 'checkpointed', channel, group, lane }),
              onLost: lose,
            });
    },
    isRevoking: (lane) => leaving.get(lane)?.state === 'revoking',
    async onLane(lane, state) {
      if (state === 'lost') {
        lose(lane);
        return;
      }
      telemetry?.({ type: 'lane', channel, group, lane, state });
      await leave(lane, state);
    },
  };
}
