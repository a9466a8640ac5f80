import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A canned server in a process of its own, which ends with this one. */
export interface CannedProcess<Started, Settings, Counts> {
  /** What it said when it could be asked. */
  readonly started: Started;
  set(settings: Partial<Settings>): Promise<Counts>;
  counts(): Promise<Counts>;
  /** Sets every count to zero; resolves to what they were. */
  resetCounts(): Promise<Counts>;
  stop(): Promise<void>;
}

/** @param file beside this one; it prints one line of JSON, with its `endpoint`, and answers `/admin` there */
export async function startCannedProcess<
  Started extends { readonly endpoint: string },
  Settings,
  Counts,
>(file: string): Promise<CannedProcess<Started, Settings, Counts>> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  if (!first) throw new Error(`${file} ended while starting`);
  const started = JSON.parse(String(first[0])) as Started;

  const admin = async (method: string, body?: unknown): Promise<Counts> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${started.endpoint}/admin`, { method, ...sent });
    return (await response.json()) as Counts;
  };

  return {
    started,
    set: (settings) => admin('POST', settings),
    counts: () => admin('GET'),
    resetCounts: () => admin('DELETE'),
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
