import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from './places.ts';

/** A check or command that failed, with the output that says why. */
export class Failure extends Error {
  readonly output: string;

  constructor(message: string, output = '') {
    super(message);
    this.name = 'Failure';
    this.output = output;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** @defaultValue five minutes */
  readonly timeoutMs?: number;
}

function failure(command: string, ending: string | number | null, output: string): Failure {
  // Some tools colour their output on CI whatever NO_COLOR says.
  return new Failure(`${basename(command)} ended with ${ending}`, stripVTControlCharacters(output));
}

/**
 * Runs a command and resolves with what it printed, output and errors together in order of arrival.
 *
 * @throws {@link Failure} when it exits with anything but 0 or takes too long.
 */
export function run(
  command: string,
  args: readonly string[],
  { cwd = root, env = {}, timeoutMs = 300_000 }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(failure(command, signal ?? code, output));
    });
  });
}

/** Runs a command whose output the person at the terminal should see; resolves with its exit code. */
export function show(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
}
