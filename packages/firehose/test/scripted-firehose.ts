import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { FirehoseEndpoint } from '../src/endpoint.ts';

/** What Firehose would read of an answer. */
export interface Answered {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
  readonly reply: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly id?: string;
  readonly records?: readonly unknown[];
  /** Instead of the body that the records make. */
  readonly body?: string | Uint8Array;
  readonly gzip?: boolean;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly method?: string;
}

/** The same over both forms of an endpoint. */
export interface Sending {
  (sent: Sent): Promise<Answered>;
}

export const accessKey = 'a key that nobody else has';
export const sourceArn = 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/orders';

export function base64(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64');
}

/** Records as Firehose has them. */
export function recordsOf(...bodies: readonly unknown[]): readonly { readonly data: string }[] {
  return bodies.map((body) => ({ data: base64(`${JSON.stringify(body)}\n`) }));
}

interface Wire {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** As the documentation of the HTTP endpoint destination has it. */
function wireOf({ id = randomUUID(), records = [], body, ...sent }: Sent): Wire {
  const plain = body ?? JSON.stringify({ requestId: id, timestamp: 1_578_090_901_599, records });
  const bytes = sent.gzip === true ? gzipSync(plain) : Buffer.from(plain);
  const headers: Readonly<Record<string, string | undefined>> = {
    'content-type': 'application/json',
    'x-amz-firehose-protocol-version': '1.0',
    'x-amz-firehose-request-id': id,
    'x-amz-firehose-source-arn': sourceArn,
    'x-amz-firehose-access-key': accessKey,
    ...(sent.gzip === true ? { 'content-encoding': 'gzip' } : {}),
    ...sent.headers,
  };
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { method: sent.method ?? 'POST', headers: Object.fromEntries(given), body: bytes };
}

export function overFetch(endpoint: Pick<FirehoseEndpoint, 'fetch'>): Sending {
  return async (sent) => {
    const { method, headers, body } = wireOf(sent);
    const init = { method, headers, ...(method === 'GET' ? {} : { body }) };
    const answer = await endpoint.fetch(new Request('https://shop.example/firehose', init));
    return {
      status: answer.status,
      contentType: answer.headers.get('content-type') ?? undefined,
      contentLength: answer.headers.get('content-length') ?? undefined,
      reply: (await answer.json()) as Answered['reply'],
    };
  };
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly send: Sending;
}

/** The endpoint on a port of its own. */
export async function listening(endpoint: Pick<FirehoseEndpoint, 'node'>): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    endpoint.node(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async send(sent) {
      const { method, headers, body } = wireOf(sent);
      const asked = httpRequest({ port, host: '127.0.0.1', method, headers });
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [
        AsyncIterable<Buffer> & {
          readonly statusCode?: number;
          readonly headers: Readonly<Record<string, string>>;
        },
      ];
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      return {
        status: answer.statusCode ?? 0,
        contentType: answer.headers['content-type'],
        contentLength: answer.headers['content-length'],
        reply: JSON.parse(Buffer.concat(chunks).toString()) as Answered['reply'],
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
