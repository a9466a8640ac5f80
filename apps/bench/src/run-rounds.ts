import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bench, Result } from './bench.ts';
import type { Task } from './measure.ts';
import { median } from './statistics.ts';

export interface RoundsOptions {
  readonly file: string;
  readonly rounds: number;
  readonly messages: number;
  readonly progress: (text: string) => void;
}

const contenderProcess = fileURLToPath(new URL('./contender-process.ts', import.meta.url));

/** Every contender once, then again: what disturbs the machine for a while disturbs all of them. */
export async function runRounds(bench: Bench, options: RoundsOptions): Promise<readonly Result[]> {
  try {
    await bench.prepare?.();
    return await allRounds(bench, options);
  } finally {
    await bench.finish?.();
  }
}

async function allRounds(bench: Bench, options: RoundsOptions): Promise<readonly Result[]> {
  const results = new Map<string, Result[]>(bench.contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const { name } of bench.contenders) {
      const result = await runOnce(bench, name, options);
      results.get(name)?.push(result);
      options.progress(
        `${bench.name} ${name}, round ${round} of ${options.rounds}: ${Math.round(result.messagesPerSecond)}/s, ` +
          `${result.cpuMsPer1000.toFixed(3)} ms CPU per 1,000`,
      );
    }
  }
  return Array.from(results.values(), middle);
}

async function runOnce(bench: Bench, contender: string, options: RoundsOptions): Promise<Result> {
  const surroundings = await bench.surround?.();
  try {
    return await inProcess(
      {
        bench: bench.name,
        contender,
        file: options.file,
        messages: options.messages,
        warmUp: Math.min(bench.warmUp, options.messages),
        address: surroundings?.address ?? '',
      },
      bench.nodeFlags ?? [],
    );
  } finally {
    await surroundings?.stop();
  }
}

function inProcess(task: Task, flags: readonly string[]): Promise<Result> {
  const child = fork(contenderProcess, [JSON.stringify(task)], {
    execArgv: ['--conditions=intermodal:source', ...flags],
    // Standard output belongs to the results.
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let result: Result | undefined;
    child.on('message', (message) => {
      result = message as Result;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (result !== undefined && code === 0) resolve(result);
      else reject(new Error(`${task.bench} ${task.contender} ended with ${signal ?? code}`));
    });
  });
}

/** Each figure by itself: the median round of one need not be that of another. */
function middle(rounds: readonly Result[]): Result {
  const [first] = rounds;
  if (first === undefined) throw new Error('there must be a round');
  const of = (figure: (result: Result) => number): number => median(rounds.map(figure));
  const { requestsPer1000, notes } = first;
  return {
    bench: first.bench,
    contender: first.contender,
    messagesPerSecond: Math.round(of((result) => result.messagesPerSecond)),
    p50Ms: rounded(of((result) => result.p50Ms)),
    p99Ms: rounded(of((result) => result.p99Ms)),
    ...(requestsPer1000 === undefined
      ? {}
      : { requestsPer1000: rounded(of((result) => result.requestsPer1000 ?? 0)) }),
    cpuMsPer1000: rounded(of((result) => result.cpuMsPer1000)),
    peakMb: rounded(of((result) => result.peakMb)),
    ...(notes === undefined
      ? {}
      : {
          notes: Object.fromEntries(
            Object.keys(notes).map((name) => [
              name,
              rounded(of((result) => result.notes?.[name] ?? 0)),
            ]),
          ),
        }),
  };
}

/** Four significant digits: no more are true. */
function rounded(value: number): number {
  return Number(value.toPrecision(value >= 1_000 ? 12 : 4));
}
