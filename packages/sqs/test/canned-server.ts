import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the server saw it. */
export interface Seen {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Resolves when the answer was sent, or the client went away first. */
  readonly ended: Promise<'answered' | 'gone'>;
}

/** What to answer: a result, an error of the service, or a fault of the network. */
export type Answer =
  | { readonly result: object }
  | { readonly error: string; readonly code?: string; readonly status?: number }
  | { readonly raw: string; readonly status: number }
  | 'cut'
  | 'silence';

type Rule = (input: Readonly<Record<string, unknown>>, nth: number) => Answer | Promise<Answer>;

/** An SQS that says what a test tells it to, over a real socket and through the real SDK. */
export interface CannedServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly seen: readonly Seen[];
  readonly openSockets: number;
  /** Of one operation, in order. */
  of(operation: string): readonly Seen[];
  on(operation: string, rule: Rule | Answer): void;
  /** Resolves with the nth request of an operation, counted from 1, once it is there. */
  arrival(operation: string, nth?: number): Promise<Seen>;
}

export const region = 'eu-west-1';
export const account = '123456789012';

export async function cannedServer(): Promise<CannedServer> {
  const rules = new Map<string, Rule | Answer>();
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const waiting: { operation: string; nth: number; resolve: (seen: Seen) => void }[] = [];
  let endpoint = '';

  function urlOf(name: unknown): string {
    return `${endpoint}/${account}/${String(name)}`;
  }

  const defaults: Readonly<Record<string, Rule>> = {
    GetQueueUrl: ({ QueueName }) => ({ result: { QueueUrl: urlOf(QueueName) } }),
    GetQueueAttributes: ({ QueueUrl }) => ({
      result: {
        Attributes: {
          QueueArn: `arn:aws:sqs:${region}:${account}:${String(QueueUrl).split('/').at(-1)}`,
          MaximumMessageSize: '1048576',
        },
      },
    }),
    ListQueueTags: () => ({ result: {} }),
    SendMessageBatch: ({ Entries }) => ({ result: { Successful: idsOf(Entries) } }),
    DeleteMessageBatch: ({ Entries }) => ({ result: { Successful: idsOf(Entries) } }),
    ChangeMessageVisibilityBatch: ({ Entries }) => ({ result: { Successful: idsOf(Entries) } }),
    ReceiveMessage: () => ({ result: {} }),
  };

  async function answer(operation: string, input: Seen['input'], nth: number): Promise<Answer> {
    const rule = rules.get(operation) ?? defaults[operation];
    if (rule === undefined) return { error: 'UnknownOperationException', status: 400 };
    return typeof rule === 'function' ? rule(input, nth) : rule;
  }

  function write(response: ServerResponse, said: Exclude<Answer, 'cut' | 'silence'>): void {
    if ('result' in said) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(said.result));
    } else if ('error' in said) {
      const headers =
        said.code === undefined ? {} : { 'x-amzn-query-error': `${said.code};Sender` };
      response.writeHead(said.status ?? 400, {
        'content-type': 'application/x-amz-json-1.0',
        ...headers,
      });
      response.end(
        JSON.stringify({ __type: `com.amazonaws.sqs#${said.error}`, message: 'as told' }),
      );
    } else {
      response.writeHead(said.status);
      response.end(said.raw);
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const input = JSON.parse(Buffer.concat(chunks).toString()) as Seen['input'];
      const ended = new Promise<'answered' | 'gone'>((resolve) => {
        response.on('close', () => {
          resolve(response.writableFinished ? 'answered' : 'gone');
        });
      });
      const entry: Seen = { operation, input, ended };
      seen.push(entry);
      const nth = seen.filter((other) => other.operation === operation).length;
      for (const waiter of waiting)
        if (waiter.operation === operation && waiter.nth === nth) waiter.resolve(entry);
      void answer(operation, input, nth).then((said) => {
        if (said === 'silence') return;
        if (said === 'cut') request.socket.destroy();
        else write(response, said);
      });
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function of(operation: string): readonly Seen[] {
    return seen.filter((entry) => entry.operation === operation);
  }

  return {
    endpoint,
    seen,
    get openSockets() {
      return sockets.size;
    },
    of,
    on: (operation, rule) => void rules.set(operation, rule),
    arrival(operation, nth = 1) {
      const there = of(operation)[nth - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => waiting.push({ operation, nth, resolve }));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function idsOf(entries: unknown): { Id: string }[] {
  return (entries as { Id: string }[]).map(({ Id }) => ({ Id }));
}
