import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startOwnBroker } from '@intermodal/brokers';
import { type Emulator, urlOf } from '../src/run-example.ts';

export interface Run {
  readonly exitCode: number | null;
  readonly figures: Readonly<Record<string, string | number>>;
  readonly notes: readonly string[];
}

/** Runs an example to its end as a process of its own, on an emulator of its own: its queues have fixed names. */
export async function runToTheEnd(
  name: string,
  onNote: (note: string) => void = () => undefined,
  emulator: Emulator = { broker: 'fauxqs', scheme: 'sqs' },
): Promise<Run> {
  const main = fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));
  await using broker = await startOwnBroker(emulator.broker);
  const url = urlOf(broker.environment, emulator);
  const args = ['--conditions=intermodal:source', main, '--once', '--transport', url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const notes: string[] = [];
  createInterface(child.stderr).on('line', (note) => {
    notes.push(note);
    onNote(note);
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (output === '') throw new Error(`${name} printed no figures:\n${notes.join('\n')}`);
  return { exitCode: child.exitCode, figures: JSON.parse(output) as Run['figures'], notes };
}
