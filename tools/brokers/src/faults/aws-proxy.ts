import { EventEmitter, once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { entriesOf, splitBatch } from './aws-batch.ts';
import type { Fault, Rule } from './aws-rules.ts';
import {
  editOutput,
  encodeInput,
  parseCall,
  replyWith,
  replyWithError,
  type AwsCall,
  type AwsReply,
} from './aws-wire.ts';

/** A call that has come through the proxy. */
export interface RecordedCall extends AwsCall {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The answer's HTTP status, 0 where the reply was lost; nothing as long as there is none. */
  readonly status: number | undefined;
  /** The client went away before it was answered. */
  readonly aborted: boolean;
  /** What was done to it. */
  readonly faults: readonly Fault['kind'][];
}

/** How often an operation was called. */
export interface CallCount {
  readonly requests: number;
  /** Entries of batches; a call that is no batch counts one. */
  readonly entries: number;
}

/** An HTTP proxy in front of an emulator of AWS that knows the calls it passes on. */
export interface AwsProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Adds a rule; returns what takes it away. Rules are asked in the order in which they were added. */
  readonly inject: (rule: Rule) => () => void;
  /** Takes every rule away. */
  readonly clear: () => void;
  /** The newest 10 000 calls, oldest first. */
  readonly calls: readonly RecordedCall[];
  /** Calls of one operation, or of all, since the start or the last `resetCounts`. */
  readonly count: (operation?: string) => CallCount;
  readonly resetCounts: () => void;
  /** Calls that are not answered yet. */
  readonly pending: (operation?: string) => number;
  /** Resolves when the condition holds; it is looked at whenever a call comes or ends. */
  readonly until: (condition: (proxy: AwsProxy) => boolean) => Promise<void>;
  /** Resets what is open and frees the port. */
  readonly stop: () => Promise<void>;
}

type Answering = { -readonly [Key in keyof RecordedCall]: RecordedCall[Key] };

const remembered = 10_000;
/** Connections to the emulator are given up before it does, after five seconds: a call could just be on its way. */
const idleMs = 2_000;

/**
 * Starts a proxy on a free loopback port.
 *
 * It passes the `Host` header on as it came, so that an emulator makes queue URLs which lead through
 * the proxy. A real service would refuse the signature.
 *
 * @param upstream Where calls go that no rule answers; without it they are `InvalidAction`.
 */
export async function startAwsProxy(upstream?: string): Promise<AwsProxy> {
  const agent = new Agent({ keepAlive: true, timeout: idleMs });
  const events = new EventEmitter().setMaxListeners(0);
  const rules = new Set<Rule>();
  const calls: Answering[] = [];
  const counts = new Map<string, CallCount>();
  const open = new Set<Answering>();

  const record = (call: AwsCall): Answering => {
    const recorded = { ...call, at: Date.now(), status: undefined, aborted: false, faults: [] };
    calls.push(recorded);
    if (calls.length > remembered) calls.splice(0, remembered / 10);
    const { requests, entries } = counts.get(call.operation) ?? { requests: 0, entries: 0 };
    const more = entriesOf(call).length || 1;
    counts.set(call.operation, { requests: requests + 1, entries: entries + more });
    return recorded;
  };

  const faultsFor = async (call: AwsCall): Promise<readonly Fault[]> => {
    const faults: Fault[] = [];
    for (const rule of rules) {
      const fault = await rule(call);
      if (fault) faults.push(fault);
    }
    return faults;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const body = await bodyOf(incoming);
    const forward = async (changed: Buffer): Promise<AwsReply> =>
      forwarded(upstream, agent, incoming, changed, gone.signal);
    const call = parseCall(incoming.headers, body);
    if (!call) return send(response, await forward(body));

    const recorded = record(call);
    open.add(recorded);
    events.emit('change');
    gone.signal.addEventListener('abort', () => {
      recorded.aborted = recorded.status === undefined;
      events.emit('change');
    });
    try {
      const faults = await faultsFor(call);
      recorded.faults = faults.map(({ kind }) => kind);
      const answer = await answerTo(call, faults, async (input) =>
        upstream === undefined
          ? replyWithError(call, { name: 'InvalidAction', message: `No answer for ${call.target}` })
          : forward(input === call.input ? body : encodeInput(call, input)),
      );
      open.delete(recorded);
      recorded.status = answer?.status ?? 0;
      if (answer) send(response, answer);
      else incoming.socket.resetAndDestroy();
    } finally {
      open.delete(recorded);
      events.emit('change');
    }
  };

  const server = createServer((incoming, response) => {
    // What fails here fails towards the emulator, or the client went away: either way, no answer.
    handle(incoming, response).catch(() => incoming.socket.resetAndDestroy());
  });
  // One that is closed for its idleness just when it is used would look like a fault that nobody injected.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    agent.destroy();
  };

  const proxy: AwsProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject(rule) {
      rules.add(rule);
      return () => void rules.delete(rule);
    },
    clear: () => rules.clear(),
    get calls() {
      return calls;
    },
    count(operation) {
      const counted = operation === undefined ? [...counts.values()] : [counts.get(operation)];
      const sum = (key: keyof CallCount): number =>
        counted.reduce((total, count) => total + (count?.[key] ?? 0), 0);
      return { requests: sum('requests'), entries: sum('entries') };
    },
    resetCounts: () => counts.clear(),
    pending: (operation) =>
      [...open].filter((call) => operation === undefined || call.operation === operation).length,
    async until(condition) {
      while (!condition(proxy)) await once(events, 'change');
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return proxy;
}

/** The answer to a call, or nothing where the connection is to be reset. */
async function answerTo(
  call: AwsCall,
  faults: readonly Fault[],
  forward: (input: AwsCall['input']) => Promise<AwsReply>,
): Promise<AwsReply | undefined> {
  for (const fault of faults) {
    if (fault.kind === 'hold-request') await fault.until();
  }
  let answer = await madeOrForwarded(call, faults, forward);
  for (const fault of faults) {
    if (fault.kind === 'edit' && answer) answer = editOutput(answer, fault.edit);
    if (fault.kind === 'hold-reply') await fault.until();
    if (fault.kind === 'lose-reply') answer = undefined;
  }
  return answer;
}

async function madeOrForwarded(
  call: AwsCall,
  faults: readonly Fault[],
  forward: (input: AwsCall['input']) => Promise<AwsReply>,
): Promise<AwsReply | undefined> {
  for (const fault of faults) {
    if (fault.kind === 'answer') return replyWith(call, fault.output);
    if (fault.kind === 'error') return replyWithError(call, fault.error);
    if (fault.kind === 'lose-request') return undefined;
  }
  const split = splitBatch(call, (entry, index) => {
    for (const fault of faults) {
      const error = fault.kind === 'refuse-entries' ? fault.refuse(entry, index) : undefined;
      if (error) return error;
    }
    return undefined;
  });
  if (!split) return forward(call.input);
  return split.input ? split.merge(await forward(split.input)) : split.refusal();
}

async function forwarded(
  upstream: string | undefined,
  agent: Agent,
  incoming: IncomingMessage,
  body: Buffer,
  signal: AbortSignal,
): Promise<AwsReply> {
  if (upstream === undefined) return { status: 404, headers: {}, body: Buffer.alloc(0) };
  const { 'transfer-encoding': _, ...headers } = incoming.headers;
  const outgoing = request(new URL(incoming.url ?? '/', upstream), {
    method: incoming.method,
    headers: { ...headers, 'content-length': body.length },
    agent,
    signal,
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = await bodyOf(answer);
  const answered = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined || hopByHop.has(name) ? [] : [[name, String(value)] as const],
  );
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(answered),
    body: received,
  };
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: AwsReply): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
