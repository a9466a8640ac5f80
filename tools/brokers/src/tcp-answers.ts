import { connect } from 'node:net';

const withinMs = 2000;

/** Resolves to whether something accepts connections on that loopback port. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (found: boolean) => (): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', done(true)).once('error', done(false));
    socket.setTimeout(withinMs, done(false));
  });
}

/** Resolves to whether the server at the address of a URL answers these first bytes with any. */
export async function answersBytes(
  url: string | undefined,
  greeting: string | Uint8Array,
): Promise<boolean> {
  if (url === undefined) return false;
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const done = (answered: boolean) => (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => void socket.write(greeting));
    socket.once('data', done(true)).once('error', done(false)).once('close', done(false));
    socket.setTimeout(withinMs, done(false));
  });
}
