import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of ours that consumes. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves when the process is gone, however it went. */
  readonly gone: Promise<unknown>;
  /** Asks it to finish what it has in hand. */
  stop(): Promise<void>;
}

/** Starts a module of ours as a process; Node's own options, such as conditions, are handed on. */
export function startChild(
  module: URL,
  args: readonly string[],
  onReport: (report: unknown) => void,
): Child {
  // Its output goes to our standard error: standard output is for the figures.
  const child = fork(module, args, { stdio: ['ignore', 2, 2, 'ipc'] });
  child.on('message', onReport);
  // What it still had to tell may come after its exit, and comes before the channel's end.
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  return {
    pid: child.pid,
    gone,
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** In the child: tells the parent; resolves when it is on its way. */
export function report(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else
      process.send(message, undefined, {}, () => {
        resolve();
      });
  });
}

/** In the child: resolves when it is asked to stop, or when its parent is gone. To be called first of all. */
export async function askedToStop(): Promise<void> {
  // Ctrl-C reaches every process of the terminal, and the parent stops its children in its own order.
  process.on('SIGINT', () => undefined);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'disconnect')]);
}
