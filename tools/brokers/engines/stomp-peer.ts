import { once } from 'node:events';
import { connect } from 'node:net';

/** A STOMP frame as it arrived. */
export interface Frame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A STOMP connection that has logged in, for text without escapes. */
export interface StompPeer extends Disposable {
  send(command: string, headers: Readonly<Record<string, string>>, body?: string): void;
  /** The next frame that arrives. */
  receive(): Promise<Frame>;
}

/** Connects to `stomp://user:password@host:port`. */
export async function stompPeer(url: string): Promise<StompPeer> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('utf8').on('error', () => {});
  const arrived: Frame[] = [];
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0')) {
      arrived.push(parse(text.slice(0, end)));
      text = text.slice(end + 1);
    }
    socket.emit('frame');
  });
  const peer: StompPeer = {
    send(command, headers, body = '') {
      const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
      socket.write(`${[command, ...lines].join('\n')}\n\n${body}\0`);
    },
    async receive() {
      for (;;) {
        const frame = arrived.shift();
        if (frame) return frame;
        await once(socket, 'frame', { signal: AbortSignal.timeout(15_000) });
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
  await once(socket, 'connect');
  const login = { login: username, passcode: password };
  peer.send('CONNECT', { 'accept-version': '1.2', host: '/', ...login });
  const { command, headers } = await peer.receive();
  if (command !== 'CONNECTED') throw new Error(`${command}: ${headers['message']}`);
  return peer;
}

function parse(text: string): Frame {
  const [head = '', ...body] = text.trimStart().split('\n\n');
  const [command = '', ...lines] = head.split('\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)] as const;
  });
  return { command, headers: Object.fromEntries(headers), body: body.join('\n\n') };
}
