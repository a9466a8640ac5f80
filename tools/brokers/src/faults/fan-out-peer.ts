import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import {
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type AwsReply, parseCall, replyWithError } from './aws-wire.ts';
import {
  createSubscriptions,
  type FanOutTimes,
  type Subscription,
  type Upstream,
} from './shard-subscriptions.ts';

/**
 * What no emulator of Kinesis does: HTTP/2 for everything, and `SubscribeToShard` as AWS's API reference has it. Records and
 * all other calls are those of the emulator behind it.
 */
export interface FanOutPeer extends AsyncDisposable {
  /** By HTTPS, with a certificate that nobody has signed. */
  readonly endpoint: string;
  /** HTTP/2 sessions that clients have opened so far. */
  readonly sessions: number;
  /** Calls of `SubscribeToShard`, oldest first. */
  readonly subscriptions: readonly Subscription[];
  /** Refuses the next subscriptions with these errors, one after the other. */
  refuse(...names: readonly string[]): void;
  /** Ends every open subscription: with this error in its stream, or as after five minutes. */
  interrupt(name?: string): void;
  /** Resolves when the condition holds; it is looked at whenever a subscription comes or ends. */
  until(condition: (peer: FanOutPeer) => boolean): Promise<void>;
  stop(): Promise<void>;
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Starts one on a free loopback port, in front of an emulator that speaks HTTP/1.1. */
export async function startFanOutPeer(
  emulator: string,
  times: Partial<FanOutTimes> = {},
): Promise<FanOutPeer> {
  // Idle connections are given up before the emulator does.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 });
  const open = new Set<Socket>();
  let sessions = 0;

  async function forward(headers: IncomingHttpHeaders, body: Buffer): Promise<AwsReply> {
    const passed = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
    const outgoing = request(emulator, {
      method: headers[':method'] ?? 'POST',
      headers: { ...Object.fromEntries(passed), 'content-length': body.length },
      agent,
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const kept = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
    return {
      status: answer.statusCode ?? 502,
      headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
      body: await buffer(answer),
    };
  }

  /** The same call with another operation and input; it was signed for the first, which emulators do not look at. */
  function upstreamOf(headers: IncomingHttpHeaders): Upstream {
    return (operation, input) => {
      const target = `Kinesis_20131202.${operation}`;
      return forward({ ...headers, 'x-amz-target': target }, Buffer.from(JSON.stringify(input)));
    };
  }

  const subscriptions = createSubscriptions(times);

  async function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const body = await buffer(stream);
    const call = parseCall(headers, body);
    if (call?.operation !== 'SubscribeToShard') {
      answer(stream, await forward(headers, body));
      return;
    }
    const refusal = await subscriptions.begin(stream, call, upstreamOf(headers));
    if (refusal === undefined) return;
    answer(stream, 'body' in refusal ? refusal : replyWithError(call, refusal));
  }

  const server = createSecureServer(certificate());
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => void open.delete(socket));
  });
  server.on('session', (session) => {
    sessions += 1;
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    // What fails here fails towards the emulator: no answer, and the other streams of the session go on.
    handle(stream, headers).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function stop(): Promise<void> {
    subscriptions.stop();
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
    agent.destroy();
  }

  const peer: FanOutPeer = {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sessions() {
      return sessions;
    },
    subscriptions: subscriptions.all,
    refuse: subscriptions.refuse,
    interrupt: subscriptions.interrupt,
    async until(condition) {
      while (!condition(peer)) await subscriptions.changed();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return peer;
}

function answer(stream: ServerHttp2Stream, { status, headers, body }: AwsReply): void {
  if (stream.destroyed) return;
  stream.respond({ ...headers, ':status': status });
  stream.end(body);
}

/** That of kinesis-local, which the package brings. */
function certificate(): { readonly key: string; readonly cert: string } {
  const folder = dirname(fileURLToPath(import.meta.resolve('kinesis-local')));
  const text = readFileSync(join(folder, 'server.json'), 'utf8');
  return (JSON.parse(text) as { server: { key: string; cert: string } }).server;
}
