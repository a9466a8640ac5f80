import type { Contender, Result } from './bench.ts';
import { quantile } from './statistics.ts';

export interface Task {
  readonly bench: string;
  readonly contender: string;
  readonly file: string;
  readonly messages: number;
  readonly warmUp: number;
  readonly address: string;
}

/** Measures one contender in this process, which should be its own. */
export async function measure(contender: Contender, task: Task): Promise<Result> {
  const work = await contender.start(task.address);
  if (task.warmUp > 0) {
    await work.before?.(task.warmUp);
    await work.run(task.warmUp, { latency: () => undefined, note: () => undefined });
  }
  await work.before?.(task.messages);
  const latencies: number[] = [];
  const notes: Record<string, number> = {};
  const requestsBefore = (await work.requests?.()) ?? 0;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await work.run(task.messages, {
    latency: (ms) => latencies.push(ms),
    note(name, value) {
      notes[name] = value;
    },
  });
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - startedAt) / 1_000;
  const requests = await work.requests?.();
  await work.stop();
  const thousands = task.messages / 1_000;
  return {
    bench: task.bench,
    contender: task.contender,
    messagesPerSecond: task.messages / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    ...(requests === undefined ? {} : { requestsPer1000: (requests - requestsBefore) / thousands }),
    cpuMsPer1000: (cpu.user + cpu.system) / 1_000 / thousands,
    peakMb: process.resourceUsage().maxRSS / 1_024,
    ...(Object.keys(notes).length === 0 ? {} : { notes }),
  };
}
