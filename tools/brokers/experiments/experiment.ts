import type { Lab } from './lab.ts';

/** One question to an emulator that AWS's documents answer. */
export interface Experiment {
  readonly topic: string;
  readonly name: string;
  /**
   * What AWS does, in the words that `observe` uses. `refused` alone fits any error; without it the
   * table shows what was seen and judges nothing.
   */
  readonly aws: string | undefined;
  observe(lab: Lab): Promise<string>;
}

/** What one emulator did. */
export interface Observation {
  readonly experiment: Experiment;
  readonly seen: string;
  readonly verdict: 'as AWS' | 'differs' | 'other error' | 'not judged';
}

/** Runs one experiment; one that breaks is an observation too. */
export async function observe(experiment: Experiment, lab: Lab): Promise<Observation> {
  let seen: string;
  try {
    seen = await within(30_000, experiment.observe(lab));
  } catch (error) {
    seen = `broke: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
  return { experiment, seen, verdict: judge(experiment.aws, seen) };
}

/** The experiments of one topic. */
export function topic(
  name: string,
  experiments: readonly (readonly [
    name: string,
    aws: string | undefined,
    observe: Experiment['observe'],
  ])[],
): readonly Experiment[] {
  return experiments.map(([question, aws, ask]) => ({
    topic: name,
    name: question,
    aws,
    observe: ask,
  }));
}

function judge(aws: string | undefined, seen: string): Observation['verdict'] {
  if (aws === undefined) return 'not judged';
  if (aws === seen) return 'as AWS';
  if (aws === 'refused' && seen.startsWith('refused')) return 'as AWS';
  return aws.startsWith('refused') && seen.startsWith('refused') ? 'other error' : 'differs';
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
