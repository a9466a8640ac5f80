import { type Checkpoints, createCheckpoints } from './checkpoints.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
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

export function createLogLanes(plan: ConsumerPlan, lanes: Lanes, holding: Holding): LogLanes {
  const { telemetry, channel, group } = plan;
  const revoking = new Set<string>();
  let checkpoints: Checkpoints | undefined;

  const ofLane =
    (lane: string) =>
    (held: Held): boolean =>
      held.wire.lane === lane;

  function lose(lane: string): void {
    telemetry?.({ type: 'lane', channel, group, lane, state: 'lost' });
    checkpoints?.lose(lane);
    holding.loseAll(ofLane(lane), undefined);
  }

  /** Resolves when no handler has anything of the lane and what was settled is written. */
  async function handOver(lane: string): Promise<void> {
    const written = checkpoints;
    revoking.add(lane);
    for (const held of lanes.remove(ofLane(lane))) holding.forget(held);
    for (const held of [...holding.all].filter(ofLane(lane))) {
      if (held.waiting) holding.lose(held, undefined);
    }
    await holding.untilLaneEmpty(lane);
    await written?.release(lane);
    revoking.delete(lane);
  }

  return {
    get checkpoints() {
      return checkpoints;
    },
    use(receiver) {
      checkpoints?.kill();
      revoking.clear();
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
    isRevoking: (lane) => revoking.has(lane),
    async onLane(lane, state) {
      if (state === 'lost') {
        lose(lane);
        return;
      }
      telemetry?.({ type: 'lane', channel, group, lane, state });
      if (state === 'ended') {
        const written = checkpoints;
        await holding.untilLaneEmpty(lane);
        await written?.end(lane);
      } else await handOver(lane);
    },
  };
}
