import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Program } from './harness.ts';

/** What the other process is to do. */
export interface ChildTask {
  readonly role: 'publish' | 'consume' | 'visit';
  /** Begins the ids of what it publishes. */
  readonly name: string;
  readonly from: number;
  readonly program: Program;
  readonly channel: string;
  readonly order: 'none' | 'key';
  readonly group: string;
  readonly options: { readonly leaseMs?: number; readonly from?: 'earliest' };
}

/** What it says it did. */
export type ChildWord =
  | { readonly publishing: string }
  | { readonly published: string }
  | { readonly seen: string }
  | { readonly ready: true };

export interface Child {
  readonly words: readonly ChildWord[];
  /** The last of what it wrote to standard error. */
  complaint(): string;
  /** Ends it without a word, as the death of a machine would. */
  kill(): Promise<void>;
  /** Resolves with its exit code, once it ended by itself. */
  readonly ended: Promise<number | null>;
}

export function startChild(task: ChildTask): Child {
  const fromSource = import.meta.url.endsWith('.ts');
  const script = fileURLToPath(new URL(fromSource ? './child.ts' : './child.js', import.meta.url));
  const conditions = fromSource ? ['--conditions=intermodal:source'] : [];
  const child = spawn(process.execPath, [...conditions, script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const words: ChildWord[] = [];
  let complaint = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    words.push(JSON.parse(line) as ChildWord);
  });
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2_000);
  });
  const ended = endOf(child);
  return {
    words,
    ended,
    complaint: () => complaint,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    // `close` comes when its output was read to the end, `exit` may come before.
    child.once('close', (code) => {
      resolve(code);
    });
  });
}
