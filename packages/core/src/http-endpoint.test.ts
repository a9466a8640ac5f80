import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { deferred } from './deferred.ts';
import {
  createHttpEndpoint,
  type EndpointAnswer,
  type EndpointRequest,
  type HttpEndpoint,
  type HttpEndpointOptions,
} from './http-endpoint.ts';
import { createVirtualClock } from './virtual-clock.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(endpoint: HttpEndpoint): Promise<number> {
  const server = createServer((request, response) => {
    endpoint.node(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An endpoint that answers 200 with the body that it was given. */
function echo(options: Partial<HttpEndpointOptions> = {}): {
  readonly endpoint: HttpEndpoint;
  readonly asked: EndpointRequest[];
} {
  const asked: EndpointRequest[] = [];
  const answer = (request: EndpointRequest): Promise<EndpointAnswer> => {
    asked.push(request);
    const headers = { 'content-type': 'text/plain', 'x-answer': 'yes' };
    return Promise.resolve({ status: 200, headers, body: Buffer.from(request.body).toString() });
  };
  const endpoint = createHttpEndpoint({
    maxBodyBytes: 100,
    bodyTimeoutMs: 60_000,
    answer,
    ...options,
  });
  return { endpoint, asked };
}

/** The whole answer to a request written by hand; the socket stays open for writing. */
async function exchange(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const closed = once(socket, 'close');
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data;
    socket.end();
  });
  for (const part of parts) socket.write(part);
  await closed;
  return text;
}

function post(body: string | ReadableStream<Uint8Array>): Request {
  const init = { method: 'POST', body, headers: { 'x-asked': 'so' }, duplex: 'half' };
  return new Request('http://shop.example/hook?a=1', init as RequestInit);
}

/** A body of `chunks` that never ends. */
function endless(chunks: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
    },
  });
}

describe('over node:http', () => {
  test('asks with method, path, headers and the whole body, and writes the answer', async () => {
    const { endpoint, asked } = echo();
    const port = await listen(endpoint);

    const response = await fetch(`http://127.0.0.1:${port}/hook?a=1`, {
      method: 'POST',
      body: 'order 1',
      headers: { 'x-asked': 'so' },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get('x-answer')).toBe('yes');
    expect(await response.text()).toBe('order 1');
    expect(asked).toMatchObject([{ method: 'POST', url: '/hook?a=1' }]);
    expect(asked[0]?.headers.get('x-asked')).toBe('so');
  });

  test('refuses a body that is announced as too long before it comes', async () => {
    const { endpoint, asked } = echo();
    const port = await listen(endpoint);

    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 101\r\n\r\n';
    expect(await exchange(port, head)).toMatch(/^HTTP\/1.1 413 /);
    expect(asked).toEqual([]);
  });

  test('refuses a body that turns out to be too long, and closes the connection', async () => {
    const { endpoint, asked } = echo();
    const port = await listen(endpoint);

    const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
    const text = await exchange(port, head, `65\r\n${'a'.repeat(101)}\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(asked).toEqual([]);
  });

  test('takes a body of exactly the limit', async () => {
    const { endpoint } = echo();
    const port = await listen(endpoint);
    const body = 'a'.repeat(100);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(await response.text()).toBe(body);
  });

  test('refuses by what stands before the body, without waiting for it', async () => {
    const { endpoint, asked } = echo({
      refuse: ({ headers }) =>
        headers.get('x-key') === 'right' ? undefined : { status: 401, body: 'whose?' },
    });
    const port = await listen(endpoint);

    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n';
    const refused = await exchange(port, `${head}x-key: wrong\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    expect(refused).toMatch(/\r\nconnection: close\r\n[^]*whose\?/i);
    expect(asked).toEqual([]);
    const taken = await exchange(port, `${head}x-key: right\r\n\r\n0123456789`);
    expect(taken).toMatch(/^HTTP\/1.1 200 [^]*0123456789/);
  });

  test('says in words of its own that a body is not taken', async () => {
    const { endpoint, asked } = echo({
      unread: (status, { url }) => ({ status: 500, body: `${status} of ${url}` }),
    });
    const port = await listen(endpoint);

    const head = 'POST /hook HTTP/1.1\r\nhost: a\r\ncontent-length: 101\r\n\r\n';
    const text = await exchange(port, head);
    expect(text).toMatch(/^HTTP\/1.1 500 [^]*413 of \/hook/);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(asked).toEqual([]);
  });

  test('answers 408 to a body that does not come in time, and ends the connection', async () => {
    const clock = createVirtualClock({ now: 0 });
    const { endpoint, asked } = echo({ clock, bodyTimeoutMs: 5_000 });
    const port = await listen(endpoint);
    const socket = connect(port, '127.0.0.1');
    const closed = once(socket, 'close');
    const arrived = once(servers[0] as Server, 'request');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    await arrived;

    await clock.advance(5_000);
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1.1 408 /);
    await clock.advance(5_000);
    await closed;
    expect(asked).toEqual([]);
  });

  test('tells the answerer when the client goes', async () => {
    const begun = deferred<EndpointRequest>();
    const { endpoint } = echo({
      answer(request) {
        begun.resolve(request);
        return once(request.signal, 'abort').then(() => ({ status: 200 }));
      },
    });
    const port = await listen(endpoint);
    const client = httpRequest({ port, host: '127.0.0.1', method: 'POST' });
    client.on('error', () => undefined);
    client.end('order 1');

    const { signal } = await begun.promise;
    client.destroy();
    if (!signal.aborted) await once(signal, 'abort');
    expect(signal.aborted).toBe(true);
  });

  test('asks nobody when the client goes before its body has come', async () => {
    const { endpoint, asked } = echo();
    const port = await listen(endpoint);
    const [server] = servers as [Server];
    const arrived = once(server, 'request');
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    const [, response] = (await arrived) as [unknown, NodeJS.EventEmitter];
    socket.destroy();
    await once(response, 'close');
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
  });

  test('says nothing of what the answerer threw', async () => {
    const { endpoint } = echo({ answer: () => Promise.reject(new Error('a secret')) });
    const port = await listen(endpoint);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'a' });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
  });

  test('throws where a body parser came first', async () => {
    const { endpoint } = echo();
    const thrown = deferred<unknown>();
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        try {
          endpoint.node(request, response);
        } catch (error) {
          thrown.resolve(error);
          response.end();
        }
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'a' });
    expect(await thrown.promise).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/before any body parser/) as string,
    });
  });
});

describe('in the form of fetch', () => {
  test('asks and answers', async () => {
    const { endpoint, asked } = echo();
    const response = await endpoint.fetch(post('order 1'));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-answer')).toBe('yes');
    expect(await response.text()).toBe('order 1');
    expect(asked).toMatchObject([{ method: 'POST', url: '/hook?a=1' }]);
    expect(asked[0]?.headers.get('x-asked')).toBe('so');
  });

  test('asks with an empty body where there is none', async () => {
    const { endpoint, asked } = echo();
    await endpoint.fetch(new Request('http://shop.example/'));
    expect(asked).toMatchObject([{ method: 'GET', body: { length: 0 } }]);
  });

  test('refuses a body that is too long without reading on', async () => {
    const { endpoint, asked } = echo();
    const response = await endpoint.fetch(post(endless(['a'.repeat(60), 'b'.repeat(60)])));
    expect(response.status).toBe(413);
    expect(asked).toEqual([]);
  });

  test('refuses without reading the body', async () => {
    const { endpoint } = echo({ refuse: () => ({ status: 401 }) });
    const request = post(endless(['a']));
    expect((await endpoint.fetch(request)).status).toBe(401);
    expect(request.bodyUsed).toBe(false);
  });

  test('answers 500 where the refusal fails', async () => {
    const { endpoint, asked } = echo({
      refuse() {
        throw new Error('a secret');
      },
    });
    const response = await endpoint.fetch(post('a'));
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(asked).toEqual([]);
  });

  test('answers 408 to a body that does not come in time', async () => {
    const clock = createVirtualClock({ now: 0 });
    const { endpoint, asked } = echo({ clock, bodyTimeoutMs: 5_000 });
    const answered = endpoint.fetch(post(endless(['a'])));
    await clock.advance(5_000);
    expect((await answered).status).toBe(408);
    expect(asked).toEqual([]);
  });

  test('rejects where the body has been read', async () => {
    const { endpoint } = echo();
    const request = post('a');
    await request.text();
    await expect(endpoint.fetch(request)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

test.each([
  { maxBodyBytes: 0, bodyTimeoutMs: 1 },
  { maxBodyBytes: 1.5, bodyTimeoutMs: 1 },
  { maxBodyBytes: 1, bodyTimeoutMs: 0 },
  { maxBodyBytes: 1, bodyTimeoutMs: Number.NaN },
])('refuses %o', (limits) => {
  expect(() => echo(limits)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
