import type { ConsumerPlan } from './consumer-plan.ts';
import type { StopReport } from './consumer-types.ts';
import { within } from './deferred.ts';
import type { Receiver } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { Fetcher } from './fetcher.ts';
import type { Holding } from './holding.ts';
import type { Lanes } from './lanes.ts';
import type { LogLanes } from './log-lanes.ts';
import type { ReceiverEpoch } from './receiver-epoch.ts';
import type { ConsumerCounters, Runner } from './runner.ts';

export interface WindDownParts {
  readonly plan: ConsumerPlan;
  readonly fetcher: Fetcher;
  readonly lanes: Lanes;
  readonly holding: Holding;
  readonly logLanes: LogLanes;
  readonly runner: Runner;
  readonly counters: ConsumerCounters;
  readonly receiver: Receiver | undefined;
  readonly epoch: ReceiverEpoch | undefined;
  /** Aborts when nothing is waited for any more. */
  readonly deadline: AbortSignal;
}

/** Handlers finish → settle → give back what was not started → checkpoint → close; all of it up to the deadline. */
export async function windDown(parts: WindDownParts): Promise<StopReport> {
  const { plan, fetcher, lanes, holding, logLanes, runner, counters, receiver, epoch } = parts;
  const { deadline } = parts;
  const { wheel } = plan;
  const settledBefore = counters.acked + counters.retried + counters.deadLettered;
  const over = new Promise<void>((resolve) => {
    if (deadline.aborted) resolve();
    else
      deadline.addEventListener('abort', () => {
        resolve();
      });
  });

  const fetched = fetcher.stop();
  holding.giveBackUnstarted();
  await Promise.race([runner.drain(), over]);
  await Promise.race([fetched, over]);
  // Local retries are not awaited: they go back too, before their followers.
  const waiting = [...holding.all].filter((held) => held.waiting);
  holding.giveBack([...waiting, ...lanes.remove(() => true)]);
  epoch?.settler.flush();
  await Promise.race([holding.untilEmpty(), over]);
  await Promise.race([epoch?.settler.idle(), over]);
  await Promise.race([logLanes.checkpoints?.writeAll(), over]);

  logLanes.use(undefined);

  let abandoned = 0;
  const text = 'the consumer was stopped, and its deadline has passed';
  for (const held of holding.all) {
    if (held.settled && held.running) continue; // its handler is late, its settlement is not
    abandoned += 1;
    held.lost = true;
    held.handle?.abort(new IntermodalError('timeout', text, { address: plan.channel }));
  }
  if (receiver !== undefined) {
    const closed = receiver.close(deadline).catch(() => ({ abandoned: 0 }));
    const late = over.then(() => within(wheel, plan.operationTimeoutMs, closed, { abandoned: 0 }));
    abandoned += (await Promise.race([closed, late])).abandoned;
  }
  epoch?.leases.kill();
  epoch?.settler.kill();
  for (const held of holding.all) holding.forget(held);
  runner.abandon();
  const completed = counters.acked + counters.retried + counters.deadLettered - settledBefore;
  return { completed, released: counters.released, abandoned };
}
