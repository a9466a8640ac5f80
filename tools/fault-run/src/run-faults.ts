import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readFrom } from './journal.ts';
import { createLedger, type Totals } from './ledger.ts';
import { type Program, startWorker, type Worker, type WorkerTask } from './workers.ts';

/** Processes that a fault may kill; another takes the place of each. */
export interface Victims {
  killPublisher(): Promise<void>;
  killConsumer(): Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** Resolves when it is over; the next leg of messages begins then. */
  run(victims: Victims): Promise<unknown>;
}

export interface FaultRun {
  readonly program: Program;
  /** Provisioned, with the group. */
  readonly channel: string;
  readonly group: string;
  readonly messages: number;
  readonly faults: readonly Fault[];
  /** @defaultValue 50 */
  readonly keys?: number;
  /** Processes. @defaultValue 2 */
  readonly publishers?: number;
  /** Processes. @defaultValue 2 */
  readonly consumers?: number;
  /** @defaultValue 300,000 */
  readonly withinMs?: number;
  readonly progress?: (text: string) => void;
}

const pollMs = 20;

/**
 * Publishes by several processes and consumes by several others, each fault in the middle of its own leg of the messages; it
 * ends when all of them are confirmed and whatever was confirmed has been seen.
 *
 * @throws when a process ends that nobody killed, or when it takes too long
 */
export async function runFaults(run: FaultRun): Promise<Totals> {
  const { keys = 50, faults, withinMs = 300_000, progress } = run;
  const perKey = Math.ceil(run.messages / keys);
  const folder = await mkdtemp(join(tmpdir(), 'fault-run-'));
  const journal = join(folder, 'journal');
  const reader = readFrom(journal);
  const ledger = createLedger();
  const deadline = Date.now() + withinMs;
  const names = Array.from({ length: keys }, (_, index) => `key-${index}`);
  const shares = sharesOf(names, run.publishers ?? 2);
  let below = 0;
  let failure: Error | undefined;

  function start(
    task: Pick<WorkerTask, 'role'> & { readonly from?: Record<string, number> },
  ): Worker {
    const { program, channel, group } = run;
    const shared = { program, channel, group, journal, perKey };
    const { role, from = {} } = task;
    const all: WorkerTask = role === 'publish' ? { ...shared, role, from } : { ...shared, role };
    const worker = startWorker(all, (error) => {
      failure ??= error;
    });
    worker.allow(below);
    return worker;
  }

  function startPublisher(share: readonly string[]): Worker {
    read();
    return start({
      role: 'publish',
      from: Object.fromEntries(share.map((key) => [key, ledger.nextOf(key)])),
    });
  }

  const consumers = Array.from({ length: run.consumers ?? 2 }, () => start({ role: 'consume' }));
  const publishers = shares.map(startPublisher);

  function read(): void {
    for (const entry of reader.read()) ledger.enter(entry);
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    for (;;) {
      read();
      if (failure !== undefined) throw failure;
      if (condition()) return;
      if (Date.now() > deadline) {
        const { confirmed, missing } = ledger;
        throw new Error(
          `not within ${withinMs} ms: ${what}; ${confirmed} are confirmed, ${missing} of them not seen`,
        );
      }
      await wait(pollMs);
    }
  }

  async function replace(workers: Worker[], index: number, anew: () => Worker): Promise<void> {
    await workers[index]?.kill();
    workers[index] = anew();
  }

  let killed = 0;
  const victims: Victims = {
    async killPublisher() {
      const index = (killed += 1) % shares.length;
      await replace(publishers, index, () => startPublisher(shares[index] ?? []));
    },
    /** Each in turn: which of them is the active one is the broker's choice. */
    async killConsumer() {
      for (const index of consumers.keys())
        await replace(consumers, index, () => start({ role: 'consume' }));
    },
  };

  function allow(leg: number): void {
    below = Math.ceil((perKey * leg) / Math.max(1, faults.length));
    for (const publisher of publishers) publisher.allow(below);
  }

  try {
    const total = perKey * keys;
    for (const [index, fault] of faults.entries()) {
      allow(index + 1);
      const half = Math.floor((total * (index + 0.5)) / faults.length);
      await until(`the middle before '${fault.name}'`, () => ledger.confirmed >= half);
      const before = Date.now();
      await fault.run(victims);
      read();
      progress?.(
        `${fault.name}: after ${half} confirmed, over within ${Date.now() - before} ms at ${ledger.confirmed}`,
      );
    }
    allow(faults.length);
    await until('all are confirmed', () => ledger.confirmed >= total);
    await until('all are seen', () => ledger.missing === 0).catch((error: unknown) => {
      // What is lost is a result.
      if (failure !== undefined) throw error;
    });
    await Promise.all([...publishers, ...consumers].map((worker) => worker.finish()));
    if (failure !== undefined) throw failure;
    read();
    return ledger.totals();
  } finally {
    await Promise.all([...publishers, ...consumers].map((worker) => worker.kill()));
    reader.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each its own: a key has one publisher. */
function sharesOf(names: readonly string[], count: number): readonly (readonly string[])[] {
  return Array.from({ length: count }, (_, share) =>
    names.filter((_name, index) => index % count === share),
  );
}
