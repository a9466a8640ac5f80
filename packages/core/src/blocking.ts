import type { Checkpoints } from './checkpoints.ts';
import type { ConsumerPlan } from './consumer-plan.ts';
import type { Held } from './held.ts';
import type { Lanes } from './lanes.ts';
import type { ConsumerCounters } from './runner.ts';

export interface BlockingOptions {
  readonly plan: ConsumerPlan;
  readonly lanes: Lanes;
  readonly counters: ConsumerCounters;
  readonly checkpoints: () => Checkpoints | undefined;
}

/**
 * Deliveries of a log that have failed as often as they may and must not become dead letters: they are tried until they
 * succeed, in sight of everybody, and hold up their key or their whole lane.
 */
export interface Blocking {
  begin(held: Held, error: unknown): void;
  /** It is done with, or lost. */
  end(held: Held): void;
}

export function createBlocking(options: BlockingOptions): Blocking {
  const { plan, lanes, counters } = options;
  const { telemetry, channel, group } = plan;

  function tell(type: 'blocked' | 'unblocked', held: Held, error?: unknown): void {
    if (telemetry === undefined) return;
    const { id, key } = held.handle ?? held.wire.message;
    const { lane = '', position } = held.wire;
    const about = { channel, group, id, key, attempt: held.handle?.attempt ?? 1, lane, position };
    telemetry(type === 'blocked' ? { type, ...about, error } : { type, ...about });
  }

  return {
    begin(held, error) {
      if (held.blocking) return;
      held.blocking = true;
      counters.blocked += 1;
      tell('blocked', held, error);
      const { lane } = held.wire;
      if (plan.onFailure !== 'block-shard' || lane === undefined) return;
      lanes.stop(lane, held);
      options.checkpoints()?.stop(lane, true);
    },
    end(held) {
      if (!held.blocking) return;
      held.blocking = false;
      counters.blocked -= 1;
      tell('unblocked', held);
      const { lane } = held.wire;
      if (plan.onFailure !== 'block-shard' || lane === undefined) return;
      if (lanes.go(lane, held)) options.checkpoints()?.stop(lane, false);
    },
  };
}
