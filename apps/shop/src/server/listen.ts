import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { Refusal } from '../refusal.ts';

export interface Listening {
  /** For a browser. */
  readonly url: string;
  close(): Promise<void>;
}

const usualPort = 4600;

/** On `port`; where none was asked for, on the usual one, or on any if that is taken. @throws Refusal */
export async function listen(
  app: Hono,
  host: string,
  port: number | undefined,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  try {
    await listenOn(server, host, port ?? usualPort).catch((error: unknown) => {
      if (port !== undefined || !isTaken(error)) throw error;
      return listenOn(server, host, 0);
    });
  } catch (error) {
    const reason = isTaken(error) ? 'the port is taken' : (error as Error).message;
    throw new Refusal(`The page cannot be served at ${host}:${port ?? usualPort}: ${reason}.`, {
      cause: error,
    });
  }
  const at = server.address() as AddressInfo;
  const name = at.family === 'IPv6' ? `[${at.address}]` : at.address;
  return {
    url: `http://${name}:${at.port}/`,
    async close() {
      server.close();
      // Pages that are open have a stream each, which never ends by itself.
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listenOn(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  await once(server, 'listening');
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}
