import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startOwnBroker } from '@intermodal/brokers';
import { IntermodalError } from '@intermodal/core';

export interface Stage {
  /** Of the transport. */
  readonly url: string;
  /** Empty at the start, gone after the end. */
  readonly folder: string;
  readonly once: boolean;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** For people: standard output has the figures and nothing else. */
  readonly note: (text: string) => void;
}

export interface Ending {
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, string | number>>;
}

/** What an example runs on unless it is told otherwise. */
export interface Emulator {
  readonly broker: 'fauxqs' | 'moto';
  readonly scheme: 'sqs' | 'sns';
}

const queues: Emulator = { broker: 'fauxqs', scheme: 'sqs' };

/** Gives an example its surroundings, prints its figures as a line of JSON, and sets the exit code: 0 only if all is well. */
export async function runExample(
  example: (stage: Stage) => Promise<Ending>,
  emulator: Emulator = queues,
): Promise<void> {
  const { values } = parseArgs({
    options: { transport: { type: 'string' }, once: { type: 'boolean', default: false } },
  });
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupt.abort();
    });
  }
  const broker = values.transport === undefined ? await startOwnBroker(emulator.broker) : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'intermodal-example-'));
  try {
    const url = values.transport ?? urlOf(broker?.environment, emulator);
    const stage = { url, folder, once: values.once, interrupted: interrupt.signal, note };
    const { ok, figures } = await example(stage);
    if (values.once) process.stdout.write(`${JSON.stringify(figures)}\n`);
    process.exitCode = ok ? 0 : 1;
  } catch (error) {
    process.exitCode = 1;
    if (IntermodalError.is(error)) note(error.message);
    else if (!interrupt.signal.aborted) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await broker?.stop();
  }
}

/** Emulators take any credentials, and need some. */
export function urlOf(
  environment: Readonly<Record<string, string>> = {},
  { broker, scheme }: Emulator = queues,
): string {
  const endpoint = environment[`INTERMODAL_${broker.toUpperCase()}_ENDPOINT`] ?? '';
  return `${scheme}://emulator:emulator@${new URL(endpoint).host}`;
}
