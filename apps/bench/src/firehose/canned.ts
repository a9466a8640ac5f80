import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Surroundings } from '../bench.ts';

/** A server in a process of its own that answers everything at once, or after a round trip. */
export async function cannedServer(latencyMs: number): Promise<Surroundings> {
  const script = fileURLToPath(new URL('canned-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, String(latencyMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    address,
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
