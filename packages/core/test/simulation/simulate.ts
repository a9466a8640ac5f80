import { type Application, createApplication } from './application.ts';
import { type Broker, createBroker } from './broker.ts';
import { checkPublishedAtEnd } from './check-publish.ts';
import type { Core } from './core.ts';
import { createEventLoop, createProcess, epochMs } from './event-loop.ts';
import type { Violation } from './ledger.ts';
import { createMonitor } from './monitor.ts';
import { type Fault, isCallFault, type Plan } from './plan.ts';
import { createRandom } from './random.ts';
import { createTrace } from './trace.ts';
import { createFaultBook, createLatency, roundTripMs, type World } from './world.ts';

export interface Result {
  readonly violation: Violation | undefined;
  readonly events: number;
  readonly virtualMs: number;
  /** Handler calls. */
  readonly handled: number;
  /** Of the trace; 0 where none was kept. */
  readonly hash: number;
  readonly trace: readonly string[];
}

/** After the last step, everything must be done within this much virtual time. */
const drainMs = 1_800_000;
const closeMs = 120_000;
/** More events than this, and something runs hot. */
const maxEvents = 60_000;

/** Runs one plan against one core, and says what was wrong, if anything. */
export async function simulate(
  plan: Plan,
  core: Core,
  options: { readonly traced: boolean },
): Promise<Result> {
  const loop = createEventLoop();
  const trace = options.traced ? createTrace(loop.now) : undefined;
  const world: World = {
    plan,
    loop,
    random: createRandom(plan.seed),
    faults: createFaultBook(plan),
    monitor: createMonitor(plan, loop),
    trace,
    broker: createProcess('broker'),
    latency: createLatency(plan),
  };
  const { ledger } = world.monitor;
  ledger.deadLettersTroubled = isCramped(plan);
  const onRejection = (reason: unknown): void => {
    ledger.violate(
      'unhandled',
      `a rejection that nobody handles: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
    );
  };
  process.on('unhandledRejection', onRejection);
  // Stacks are costly, and nobody reads those of the errors that a run expects.
  const { stackTraceLimit } = Error;
  if (!options.traced) Error.stackTraceLimit = 0;
  try {
    await runPlan(world, core);
  } catch (error) {
    ledger.violate(
      'thrown',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    process.off('unhandledRejection', onRejection);
    Error.stackTraceLimit = stackTraceLimit;
  }
  let handled = 0;
  for (const fate of ledger.fates()) handled += fate.starts;
  return {
    violation: ledger.violation,
    events: loop.count(),
    virtualMs: loop.now() - epochMs,
    handled,
    hash: trace?.hash() ?? 0,
    trace: trace?.lines ?? [],
  };
}

/** Whether a dead letter may be too late without any fault: a slow network, and little time. */
function isCramped(plan: Plan): boolean {
  const roundTrips =
    4 +
    plan.steps.reduce((sum, step) => sum + (step.do === 'publish' ? step.messages.length : 1), 0);
  return plan.clients.some((client) => client.operationTimeoutMs < roundTrips * roundTripMs(plan));
}

async function runPlan(world: World, core: Core): Promise<void> {
  const { loop, plan, monitor, faults, trace } = world;
  const { ledger } = monitor;
  const broker = createBroker(world);
  const application = createApplication(world, core, broker);
  for (const step of plan.steps) {
    loop.after(world.broker, step.at, () => {
      application.perform(step);
    });
  }
  for (const fault of plan.faults)
    if (!isCallFault(fault))
      loop.after(world.broker, fault.at, () => {
        suffer(world, broker, application, fault);
      });

  const isWrong = (): boolean => ledger.violation !== undefined;
  const lastMs = Math.max(
    0,
    ...plan.steps.map((step) => step.at),
    ...faults.timed.map((fault) => fault.at),
  );
  await loop.run(isWrong, { untilMs: epochMs + lastMs, maxEvents });
  if (isWrong()) return;

  faults.stop();
  trace?.add('nothing goes wrong from here on');
  application.finish();
  const drained = await loop.run(
    () => isWrong() || (broker.isDrained() && application.isAnswered()),
    { untilMs: loop.now() + drainMs, maxEvents },
  );
  if (isWrong()) return;
  if (drained !== 'enough') {
    ledger.violate(
      'liveness',
      `${drained}: not everything was done after ${drainMs} ms without a fault: ${broker.describe()}; ${application.describe()}`,
    );
    return;
  }
  const closedAt = loop.now();
  application.closeAll();
  const closed = await loop.run(() => isWrong() || application.isClosed(), {
    untilMs: loop.now() + closeMs,
    maxEvents,
  });
  if (isWrong()) return;
  if (closed !== 'enough')
    ledger.violate('unsettled', `${closed}: not everything was closed: ${application.describe()}`);
  // What a closed client still does would show now.
  await loop.run(isWrong, { untilMs: loop.now() + 60_000, maxEvents });
  if (isWrong()) return;
  checkPublishedAtEnd(ledger);
  checkKept(world, closedAt);
}

function suffer(
  world: World,
  broker: Broker,
  application: Application,
  fault: Exclude<Fault, { on: string }>,
): void {
  const { loop, faults, trace } = world;
  trace?.add(`fault ${JSON.stringify(fault)}`);
  switch (fault.fault) {
    case 'outage':
      faults.outageUntil = Math.max(faults.outageUntil, loop.now() + fault.forMs);
      return;
    case 'throttle':
      faults.throttleUntil = Math.max(faults.throttleUntil, loop.now() + fault.forMs);
      faults.throttleAfterMs = fault.retryAfterMs;
      return;
    case 'cut': {
      const wires = application.clients[fault.client]?.wires;
      if (wires === undefined) return;
      if (fault.side !== 'receiver')
        for (const wire of wires.senders) wire.cut(fault.clientMs, fault.brokerMs);
      if (fault.side !== 'sender')
        for (const wire of wires.receivers) wire.cut(fault.clientMs, fault.brokerMs);
      return;
    }
    case 'expire':
    case 'duplicate':
    case 'move':
    case 'split':
      broker.suffer(fault);
  }
}

/** Nothing that the broker has taken is lost: each group has done it, or has it among its dead letters. */
function checkKept(world: World, closedAt: number): void {
  const { ledger } = world.monitor;
  for (const { channel, message, foreign, at } of ledger.stored) {
    if (at >= closedAt) continue; // given up by its publisher, and stored when nobody read any more
    for (const group of channel.groups) {
      const fate = ledger.fate(channel, group, message.id);
      if (foreign === 'control' || fate.completed || fate.deadLetters > 0) continue;
      ledger.violate(
        'loss',
        `${message.id} is gone from ${channel.name}/${group}, and no handler has done it`,
      );
    }
  }
}
