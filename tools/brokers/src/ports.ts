import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Ports } from './broker.ts';

// Below those that systems give to outgoing connections: one of them would take a broker's port while it restarts.
const lowest = 20_000;
const count = 12_000;

/**
 * Loopback ports that were free a moment ago, one for each name.
 *
 * Somebody may take one before the broker does: whoever starts a broker tries again then.
 */
export async function freePorts(names: readonly string[]): Promise<Ports> {
  const found: (readonly [string, number])[] = [];
  const servers: Server[] = [];
  for (const name of names) {
    const [port, server] = await listenSomewhere();
    found.push([name, port]);
    servers.push(server);
  }
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
  return Object.fromEntries(found);
}

async function listenSomewhere(): Promise<readonly [number, Server]> {
  for (let tries = 1; ; tries += 1) {
    const port = lowest + Math.floor(Math.random() * count);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return [port, server];
    } catch (error) {
      if (tries === 100) throw error;
    }
  }
}
