import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '@intermodal/brokers';
import { Client, type IMessage } from '@stomp/stompjs';
import { connect as connectStompit } from 'stompit';
import type { Server } from './broker.ts';

/** A message as every client of STOMP can tell it. */
export interface Told {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Sent extends Told {
  readonly contentType: string;
  /** Whether it states its length, and so is a bytes message of JMS. */
  readonly bytes: boolean;
}

/** A program that knows only STOMP. */
export interface Peer {
  send(destination: string, theirs: Sent): Promise<void>;
  take(destination: string, count: number): Promise<readonly Told[]>;
  close(): Promise<void>;
}

/** One that can say no, too. */
export interface RefusingPeer extends Peer {
  /** Takes one message and refuses it; resolves when the broker knows. */
  refuse(destination: string): Promise<void>;
}

type Login = Pick<URL, 'hostname' | 'port' | 'username' | 'password'>;

async function stompjsPeer(login: Login): Promise<RefusingPeer> {
  const { hostname, port, username, password } = login;
  const client = new Client({
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    connectHeaders: { host: '/', login: username, passcode: password },
    webSocketFactory: () => socketFor(hostname, Number(port)),
  });
  await new Promise<void>((resolve, reject) => {
    client.onConnect = () => {
      resolve();
    };
    client.onStompError = ({ headers }) => {
      reject(new Error(headers['message']));
    };
    client.activate();
  });
  let receipts = 0;
  const receipt = (): { readonly id: string; readonly came: Promise<void> } => {
    receipts += 1;
    const id = `peer-${receipts}`;
    const came = new Promise<void>((resolve) => {
      client.watchForReceipt(id, () => {
        resolve();
      });
    });
    return { id, came };
  };
  return {
    async send(destination, { headers, body, contentType, bytes }) {
      const { id, came } = receipt();
      const all = { ...headers, 'content-type': contentType, persistent: 'true', receipt: id };
      client.publish({
        destination,
        headers: all,
        ...(bytes
          ? { binaryBody: new Uint8Array(body) }
          : { body: body.toString(), skipContentLengthHeader: true }),
      });
      await came;
    },
    take(destination, count) {
      const found: Told[] = [];
      return new Promise((resolve) => {
        client.subscribe(
          destination,
          (message) => {
            const { headers, binaryBody } = message;
            const { id, came } = receipt();
            message.ack({ receipt: id });
            void came.then(() => {
              found.push({ headers, body: Buffer.from(binaryBody) });
              if (found.length === count) resolve(found);
            });
          },
          { ack: 'client-individual' },
        );
      });
    },
    async refuse(destination) {
      await new Promise<void>((resolve) => {
        const onMessage = (message: IMessage): void => {
          const { id, came } = receipt();
          message.nack({ receipt: id });
          void came.then(resolve);
        };
        client.subscribe(destination, onMessage, { ack: 'client-individual' });
      });
    },
    close: () => client.deactivate(),
  };
}

/** The twelve lines that stompjs needs to speak over TCP. */
function socketFor(host: string, port: number): object {
  const socket = connectTcp({ host, port });
  const shim = {
    url: host,
    readyState: 0,
    onopen: (): void => undefined,
    onclose: (): void => undefined,
    onmessage: (_event: { readonly data: ArrayBuffer }): void => undefined,
    send(data: string | ArrayBuffer) {
      socket.write(typeof data === 'string' ? data : new Uint8Array(data));
    },
    close() {
      socket.end();
    },
  };
  socket.setNoDelay(true);
  socket.on('connect', () => {
    shim.readyState = 1;
    shim.onopen();
  });
  socket.on('data', (chunk: Buffer) => {
    shim.onmessage({ data: Uint8Array.from(chunk).buffer });
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    shim.readyState = 3;
    shim.onclose();
  });
  return shim;
}

async function stompitPeer({ hostname, port, username, password }: Login): Promise<Peer> {
  const connectHeaders = { host: '/', login: username, passcode: password };
  const options = { host: hostname, port: Number(port), connectHeaders };
  const client = await new Promise<Parameters<Parameters<typeof connectStompit>[1]>[1]>(
    (resolve, reject) => {
      connectStompit(options, (error, connected) => {
        if (error === null) resolve(connected);
        else reject(error);
      });
    },
  );
  client.on('error', () => undefined);
  return {
    async send(destination, { headers, body, contentType, bytes }) {
      await new Promise<void>((resolve) => {
        const all = { destination, ...headers, 'content-type': contentType, persistent: 'true' };
        const length = bytes ? { 'content-length': body.length } : {};
        client.send({ ...all, ...length }, { onReceipt: resolve }).end(body);
      });
    },
    take(destination, count) {
      const found: Told[] = [];
      return new Promise((resolve, reject) => {
        const subscription = { destination, ack: 'client-individual' };
        client.subscribe(subscription, (error, message) => {
          if (error !== null) {
            reject(error);
            return;
          }
          const { headers } = message;
          // Unread, it would hold up everything behind it.
          void buffer(message).then((body) => {
            const onReceipt = (): void => {
              found.push({ headers, body });
              if (found.length === count) resolve(found);
            };
            client.ack(message, {}, { onReceipt });
          });
        });
      });
    },
    async close() {
      await new Promise<void>((resolve) => {
        client.disconnect(() => {
          client.destroy();
          resolve();
        });
      });
    },
  };
}

const program = fileURLToPath(new URL('stomp-peer.py', import.meta.url));
const requirements = fileURLToPath(new URL('stomp-peer-requirements.txt', import.meta.url));

async function pythonPeer({ hostname, port, username, password }: Login): Promise<Peer> {
  const python = await pythonWith('stomp.py', requirements, () => undefined);
  const run = async (command: string, destination: string, input: string): Promise<string> => {
    const args = [program, hostname, port, username, password, command, destination];
    const child = spawn(python, args);
    child.stdin.end(input);
    child.stderr.pipe(process.stderr);
    const [ended, output] = await Promise.all([once(child, 'close'), text(child.stdout)]);
    const [code] = ended as [number];
    if (code !== 0) throw new Error(`stomp.py ended with ${String(code)}`);
    return output;
  };
  return {
    async send(destination, { body, ...rest }) {
      await run('send', destination, JSON.stringify({ ...rest, body: body.toString('base64') }));
    },
    async take(destination, count) {
      const lines = (await run('take', destination, String(count))).trim().split('\n');
      return lines.map((line) => {
        const { headers, body } = JSON.parse(line) as {
          readonly headers: Told['headers'];
          readonly body: string;
        };
        return { headers, body: Buffer.from(body, 'base64') };
      });
    },
    close: () => Promise.resolve(),
  };
}

const peers = { stompjs: stompjsPeer, stompit: stompitPeer, 'stomp.py': pythonPeer } as const;

export const peerNames = Object.keys(peers) as readonly (keyof typeof peers)[];

export function openPeer<N extends keyof typeof peers>(
  name: N,
  { url }: Server,
): ReturnType<(typeof peers)[N]> {
  return peers[name](url) as ReturnType<(typeof peers)[N]>;
}
