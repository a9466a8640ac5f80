import { setInterval } from 'node:timers/promises';
import type { Backlog } from '@intermodal/core';
import type { Child } from '../child-process.ts';

export interface AutoscalerOptions {
  readonly backlog: () => Promise<Backlog>;
  readonly start: () => Child;
  readonly jobsPerWorker: number;
  readonly most: number;
  readonly everyMs: number;
  readonly note: (text: string) => void;
}

export interface Autoscaler {
  /** Workers: `peak` at once at most, `retired` since there was less to do, `died` without having been asked. */
  readonly counts: Readonly<Record<'started' | 'peak' | 'retired' | 'died', number>>;
  /** Resolves when the last worker is gone. */
  stop(): Promise<void>;
}

// The broker may only estimate, and a worker that is stopped early is started again: down only after so many readings.
const calmReadings = 3;

export function workersWanted(
  { ready, inFlight }: Pick<Backlog, 'ready' | 'inFlight'>,
  { jobsPerWorker, most }: Pick<AutoscalerOptions, 'jobsPerWorker' | 'most'>,
): number {
  return Math.min(most, Math.max(1, Math.ceil((ready + inFlight) / jobsPerWorker)));
}

/** Keeps as many workers as the backlog asks for, one at least, and replaces those that die. */
export function startAutoscaler(options: AutoscalerOptions): Autoscaler {
  const { note } = options;
  const working = new Set<Child>();
  const stopping = new Set<Promise<void>>();
  const end = new AbortController();
  let calm = 0;
  const counts = { started: 0, peak: 0, retired: 0, died: 0 };

  function start(): void {
    const worker = options.start();
    working.add(worker);
    counts.started += 1;
    counts.peak = Math.max(counts.peak, working.size);
    void worker.gone.then(() => {
      if (working.delete(worker)) counts.died += 1;
    });
    note(`worker ${worker.pid} started`);
  }

  function retire(worker: Child): void {
    working.delete(worker);
    const stopped = worker.stop().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  }

  function scale(backlog: Backlog): void {
    const wanted = workersWanted(backlog, options);
    while (working.size < wanted) start();
    calm = wanted < working.size ? calm + 1 : 0;
    const [youngest] = [...working].reverse();
    if (calm < calmReadings || youngest === undefined) return;
    calm = 0;
    counts.retired += 1;
    note(`worker ${youngest.pid} stops: ${backlog.ready} ready, ${backlog.inFlight} in flight`);
    retire(youngest);
  }

  async function run(): Promise<void> {
    for await (const _ of setInterval(options.everyMs, undefined, { signal: end.signal })) {
      try {
        scale(await options.backlog());
      } catch (error) {
        note(`the backlog is not known: ${String(error)}`);
      }
    }
  }

  const ended = run().catch(() => undefined);
  return {
    counts,
    async stop() {
      end.abort();
      await ended;
      for (const worker of working) retire(worker);
      await Promise.all(stopping);
    },
  };
}
