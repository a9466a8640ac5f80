import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A module that exports `transport(argument)`. */
export interface Program {
  readonly module: string;
  readonly argument: string;
}

interface Shared {
  readonly program: Program;
  readonly channel: string;
  readonly group: string;
  readonly journal: string;
  readonly perKey: number;
}

export type WorkerTask = Shared &
  (
    | { readonly role: 'publish'; readonly from: Readonly<Record<string, number>> }
    | { readonly role: 'consume' }
  );

/** Publishers may send what has a smaller number. */
export interface Allowance {
  readonly below: number;
}

export interface Worker {
  /** Only for publishers. */
  allow(below: number): void;
  /** Ends it without a word, as the death of a machine would. */
  kill(): Promise<void>;
  /** Lets it finish and end by itself. @throws when it ended with anything but 0 */
  finish(): Promise<void>;
}

/** `onFailure` is called if it ends before it should. */
export function startWorker(task: WorkerTask, onFailure: (error: Error) => void): Worker {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url));
  const child: ChildProcess = fork(program, [JSON.stringify(task)], {
    execArgv: ['--conditions=intermodal:source'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let complaint = '';
  let isKilled = false;
  child.stderr?.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2_000);
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (isKilled || code === 0) return;
    onFailure(new Error(`a process to ${task.role} ended with ${signal ?? code}: ${complaint}`));
  });
  return {
    allow(below) {
      if (child.connected) child.send({ below } satisfies Allowance);
    },
    async kill() {
      isKilled = true;
      child.kill('SIGKILL');
      await ended;
    },
    async finish() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
