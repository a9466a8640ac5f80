import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Ports } from './broker.ts';

/**
 * Loopback ports that were free a moment ago, one for each name.
 *
 * Somebody may take one before the broker does: whoever starts a broker tries again then.
 */
export async function freePorts(names: readonly string[]): Promise<Ports> {
  const servers = names.map(() => createServer());
  await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
  return Object.fromEntries(names.map((name, index) => [name, ports[index] ?? 0]));
}
