import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import type { Surroundings } from '../bench.ts';
import { fillTopic } from './topics.ts';

const script = fileURLToPath(new URL('canned-server.ts', import.meta.url));

/** The server in a process of its own. */
export async function cannedServer(): Promise<Surroundings> {
  const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    address: `mqtt://127.0.0.1:${port}`,
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** What a contender asks of the server beside its work. */
export interface CannedControl {
  /** Hands out so many messages; resolves when all were acked. */
  fill(messages: number): Promise<void>;
  stop(): Promise<void>;
}

export async function cannedControl(address: string): Promise<CannedControl> {
  const client = await connectAsync(address, { protocolVersion: 5, reconnectPeriod: 0 });
  return {
    async fill(messages) {
      const filled = new Promise<void>((resolve) => {
        client.once('message', () => {
          resolve();
        });
      });
      client.publish(fillTopic, String(messages), { qos: 0 });
      await filled;
    },
    stop: () => client.endAsync(true),
  };
}
