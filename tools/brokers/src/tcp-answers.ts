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

/** Resolves to whether a server at the hosts of a URL answers these first bytes with any. */
export async function answersBytes(
  url: string | undefined,
  greeting: string | Uint8Array,
): Promise<boolean> {
  const answers = hostsOf(url ?? '').map(async ({ host, port }) => greets(host, port, greeting));
  return (await Promise.all(answers)).some(Boolean);
}

interface Host {
  readonly host: string;
  readonly port: number;
}

/** `scheme://user:password@host:port,host:port/path`, which `URL` cannot read. */
function hostsOf(url: string): readonly Host[] {
  const [, authority = ''] = /^[^/]+:\/\/([^/]*)/.exec(url) ?? [];
  const hosts = authority
    .slice(authority.lastIndexOf('@') + 1)
    .split(',')
    .filter(Boolean);
  return hosts.map((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
  });
}

async function greets(host: string, port: number, greeting: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const done = (answered: boolean) => (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => void socket.write(greeting));
    socket.once('data', done(true)).once('error', done(false)).once('close', done(false));
    socket.setTimeout(withinMs, done(false));
  });
}
