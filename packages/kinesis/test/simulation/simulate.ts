import { createVirtualClock } from '@intermodal/core/testing';
import { createLedger } from './ledger.ts';
import { createRandom, type Random } from './random.ts';
import { createStream } from './stream.ts';
import { createRows } from './table.ts';
import { type SimWorker, startWorker } from './worker.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly published: number;
  readonly repeats: number;
  readonly virtualMs: number;
  readonly happened: Readonly<Record<string, number>>;
}

const failoverMs = 2_000;
const stepMs = 250;
const maxWorkers = 5;
// Of one shard, done while an earlier one of it is not: it comes again with the next owner.
const mostAbove = 300;
// By then whatever was silent is known to be, and everything has been read.
const quietMs = 600_000;

/** One run: workers join, leave, stand still and die, and shards are split and merged, while records come. */
export async function simulate(
  seed: number,
  troubled: boolean,
  tell: (line: string) => void = () => undefined,
): Promise<Verdict> {
  const random = createRandom(seed);
  const world = createVirtualClock({ seed });
  const violations: string[] = [];
  const begun = world.now();
  const trace = (text: string): void => {
    tell(`${Math.round(world.now() - begun)} ${text}`);
  };
  const violated = (text: string): void => {
    violations.push(text);
    trace(`WRONG: ${text}`);
  };
  const stream = createStream(world, random, random.between(1, 4));
  const rows = createRows(violated, trace);
  const ledger = createLedger(troubled ? 'may-overlap' : 'one-at-a-time', violated, trace);
  const weather = {
    failing: troubled && random.chance(0.5) ? random.next() * 0.2 : 0,
    slow: troubled ? 0.03 : 0,
  };
  const shared = { world, random, stream, rows, ledger, weather, failoverMs, troubled, trace };
  let workers: SimWorker[] = [];
  const happened: Record<string, number> = {};
  const stopping: Promise<void>[] = [];

  const events: Readonly<Record<string, () => void>> = {
    join() {
      if (workers.length < maxWorkers) workers.push(startWorker(shared));
    },
    leave() {
      const worker = takeOne();
      if (worker !== undefined) stopping.push(worker.stop());
    },
    split: () => {
      stream.split();
    },
    merge: () => {
      stream.merge();
    },
    crash() {
      takeOne()?.process.crash();
    },
    pause() {
      const worker = random.pick(workers);
      if (worker === undefined) return;
      worker.process.pause();
      const ms = random.chance(0.5)
        ? random.between(1, failoverMs)
        : random.between(1, 6 * failoverMs);
      world.setTimer(() => {
        worker.process.resume();
      }, ms);
    },
  };
  const peaceful = ['join', 'leave', 'split', 'merge'];
  const names = troubled ? [...peaceful, 'crash', 'pause', 'pause'] : peaceful;

  function takeOne(): SimWorker | undefined {
    const worker = random.pick(workers);
    workers = workers.filter((one) => one !== worker);
    return worker;
  }

  workers.push(startWorker(shared));
  const steps = random.between(20, 120);
  for (let step = 0; step < steps; step += 1) {
    publish(random, (key) => ledger.publish(key), stream.put);
    if (random.chance(0.15)) {
      const name = random.pick(names) ?? 'join';
      happened[name] = (happened[name] ?? 0) + 1;
      trace(`${name}, with ${workers.length} workers`);
      events[name]?.();
    }
    await world.advance(stepMs);
  }
  weather.failing = 0;
  weather.slow = 0;
  workers.push(startWorker(shared));
  const until = world.now() + quietMs;
  while (ledger.missing.length > 0 && world.now() < until && violations.length === 0)
    await world.advance(1_000);
  for (const { key, n } of ledger.missing) violated(`${key}/${n} was never done`);
  // What is done now may be in the way of something that must not happen any more.
  await world.advance(5_000);
  if (ledger.repeats > rows.takes * mostAbove) violated(`${ledger.repeats} repeats`);
  return {
    violations,
    published: ledger.published,
    repeats: ledger.repeats,
    virtualMs: world.now() - begun,
    happened,
  };
}

function publish(
  random: Random,
  next: (key: string) => { readonly key: string; readonly n: number },
  put: (messages: readonly { readonly key: string; readonly n: number }[]) => void,
): void {
  const count = random.chance(0.3) ? 0 : random.between(1, 8);
  put(Array.from({ length: count }, () => next(`key-${random.between(0, 9)}`)));
}
