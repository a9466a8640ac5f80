import type { EventLoop, Process } from './event-loop.ts';
import { epochMs } from './event-loop.ts';
import type { Monitor } from './monitor.ts';
import { type CallFault, isCallFault, type Plan, type TimedFault } from './plan.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';

/** What all parts of one run share. */
export interface World {
  readonly plan: Plan;
  readonly loop: EventLoop;
  readonly random: Random;
  readonly faults: FaultBook;
  readonly monitor: Monitor;
  readonly trace: Trace | undefined;
  /** Never frozen. */
  readonly broker: Process;
  /** Time for one way between a client and the broker. */
  latency(random: Random): number;
}

type Effect<On extends CallFault['on']> = Extract<CallFault, { on: On }>;

/** The faults of calls, looked up by how many calls there were; and the windows in which everything of a kind fails. */
export interface FaultBook {
  next<On extends CallFault['on']>(on: On): Effect<On> | undefined;
  readonly timed: readonly TimedFault[];
  outageUntil: number;
  throttleUntil: number;
  throttleAfterMs: number | undefined;
  /** From here on nothing goes wrong any more. */
  stop(): void;
  readonly active: boolean;
}

export function createFaultBook(plan: Plan): FaultBook {
  const calls = new Map<string, CallFault>();
  const counts = new Map<string, number>();
  const timed: TimedFault[] = [];
  for (const fault of plan.faults) {
    if (isCallFault(fault)) calls.set(`${fault.on} ${fault.call}`, fault);
    else timed.push(fault);
  }
  let active = true;
  return {
    timed,
    outageUntil: epochMs,
    throttleUntil: epochMs,
    throttleAfterMs: undefined,
    next<On extends CallFault['on']>(on: On): Effect<On> | undefined {
      const call = (counts.get(on) ?? -1) + 1;
      counts.set(on, call);
      return active ? (calls.get(`${on} ${call}`) as Effect<On> | undefined) : undefined;
    },
    stop() {
      active = false;
      this.outageUntil = epochMs;
      this.throttleUntil = epochMs;
    },
    get active() {
      return active;
    },
  };
}

export function createLatency(plan: Plan): (random: Random) => number {
  const { maxMs, slowOneIn, slowMs } = plan.network;
  return (random) => {
    if (slowOneIn > 0 && random.int(slowOneIn) === 0) return random.int(slowMs + 1);
    return maxMs === 0 ? 0 : random.int(maxMs + 1);
  };
}

/** Longest time that an answer takes when nothing goes wrong. */
export function roundTripMs(plan: Plan): number {
  return 2 * Math.max(plan.network.maxMs, plan.network.slowOneIn > 0 ? plan.network.slowMs : 0);
}
