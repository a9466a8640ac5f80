import type { ConsumerPlan } from './consumer-plan.ts';
import type { Held } from './held.ts';
import { timer } from './wheel.ts';

const longestCheckMs = 60_000;

/** Reports each delivery once that its handler neither settles nor returns for. Returns what ends the checks. */
export function watchUnsettled(plan: ConsumerPlan, all: Iterable<Held>): () => void {
  const { wheel, unsettledWarningMs } = plan;
  if (unsettledWarningMs === 0) return () => undefined;
  const everyMs = Math.min(unsettledWarningMs, longestCheckMs);
  const check = timer(() => {
    const now = wheel.clock.now();
    for (const held of all) {
      const ms = now - held.startedAt;
      if (!held.running || held.reported || ms < unsettledWarningMs) continue;
      held.reported = true;
      plan.onUnsettled(held, ms);
    }
    wheel.set(check, now + everyMs);
  });
  wheel.set(check, wheel.clock.now() + everyMs);
  return () => {
    wheel.cancel(check);
  };
}
