import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from './clock.ts';
import { deferred } from './deferred.ts';
import { IntermodalError } from './error.ts';
import { checkNumber, checkWhole } from './settings.ts';

/** A request whose body is whole. */
export interface EndpointRequest {
  readonly method: string;
  /** Path and query; the host is what the client claims. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Aborted when the client goes before it has its answer. */
  readonly signal: AbortSignal;
}

export interface EndpointAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpEndpointOptions {
  /** A longer body is answered with 413, as far as possible before it has come. */
  readonly maxBodyBytes: number;
  /** A body that has not come whole by then is answered with `tooSlowStatus`. */
  readonly bodyTimeoutMs: number;
  /** 503 for a client that tries again after a 5xx alone. @defaultValue 408 */
  readonly tooSlowStatus?: 408 | 503 | undefined;
  /** What it throws is answered with 500 and nothing else: the client is a stranger. */
  readonly answer: (request: EndpointRequest) => Promise<EndpointAnswer>;
  /** Only for tests. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}

/** One endpoint in the two forms that servers mount. Both need the body as it came: mount it before any body parser. */
export interface HttpEndpoint {
  /** @throws `invalid-argument` where something has read the body already */
  readonly node: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Resolves with the answer.
   *
   * @throws `invalid-argument` where something has read the body already
   */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** Why there is no body to answer. */
type Failure = 'too-large' | 'too-slow' | 'gone';

/** A body on its way. */
interface Coming {
  readonly whole: Promise<Uint8Array | Failure>;
  /** Keeps no more of it. */
  readonly discard: () => void;
}

/**
 * The HTTP side of a push endpoint: reads a bounded body in bounded time, then asks for the answer.
 *
 * @throws `invalid-argument`
 */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const { maxBodyBytes, bodyTimeoutMs, tooSlowStatus = 408, clock = systemClock } = options;
  const failureStatus = { 'too-large': 413, 'too-slow': tooSlowStatus, gone: 400 };
  checkWhole('maxBodyBytes', maxBodyBytes, 1);
  checkNumber('bodyTimeoutMs', bodyTimeoutMs, 1);

  function noBody(failure: Failure): EndpointAnswer {
    // What is left of the body would be taken for the next request.
    return { status: failureStatus[failure], headers: { connection: 'close' } };
  }

  async function read(coming: Coming, signal: AbortSignal): Promise<Uint8Array | Failure> {
    const failed = deferred<Failure>();
    const stopTimer = clock.setTimer(() => {
      failed.resolve('too-slow');
    }, bodyTimeoutMs);
    const onAbort = (): void => {
      failed.resolve('gone');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([failed.promise, coming.whole]);
    } finally {
      stopTimer();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async function answerTo(
    request: Omit<EndpointRequest, 'body'>,
    receive: () => Coming,
  ): Promise<EndpointAnswer> {
    // A body announced as too long is not read at all.
    if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes)
      return noBody('too-large');
    const coming = receive();
    const body = await read(coming, request.signal);
    if (typeof body === 'string') {
      coming.discard();
      return noBody(body);
    }
    try {
      return await options.answer({ ...request, body });
    } catch {
      return { status: 500 };
    }
  }

  return {
    node(request, response) {
      if (request.readableDidRead) throw bodyIsRead();
      const gone = new AbortController();
      response.once('close', () => {
        gone.abort();
      });
      const { method = 'GET', url = '/' } = request;
      const asked = { method, url, headers: headersOf(request), signal: gone.signal };
      void answerTo(asked, () => receiveFromNode(request, maxBodyBytes)).then((answer) => {
        if (response.destroyed) return;
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
        if (!request.complete) endRest(request, clock, bodyTimeoutMs);
      });
    },
    async fetch(request) {
      if (request.bodyUsed) throw bodyIsRead();
      const { pathname, search } = new URL(request.url);
      const { method, headers, signal } = request;
      const asked = { method, url: pathname + search, headers, signal };
      const answer = await answerTo(asked, () => receiveFromFetch(request, maxBodyBytes));
      return new Response(answer.body ?? null, {
        status: answer.status,
        headers: answer.headers ?? {},
      });
    },
  };
}

function receiveFromNode(request: IncomingMessage, maxBytes: number): Coming {
  const { promise, resolve } = deferred<Uint8Array | Failure>();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const onData = (chunk: Uint8Array): void => {
    length += chunk.length;
    if (length > maxBytes) resolve('too-large');
    else chunks.push(chunk);
  };
  const onGone = (): void => {
    resolve('gone');
  };
  request.on('data', onData);
  request.once('end', () => {
    resolve(length > maxBytes ? 'too-large' : Buffer.concat(chunks, length));
  });
  request.once('error', onGone);
  request.once('close', onGone);
  return {
    whole: promise,
    discard() {
      request.off('data', onData);
      chunks.length = 0;
    },
  };
}

function receiveFromFetch(request: Request, maxBytes: number): Coming {
  if (request.body === null)
    return { whole: Promise.resolve(new Uint8Array()), discard: () => undefined };
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const collect = async (): Promise<Uint8Array | Failure> => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(chunks, length);
      length += value.length;
      if (length > maxBytes) return 'too-large';
      chunks.push(value);
    }
  };
  return {
    whole: collect().catch((): Failure => 'gone'),
    discard() {
      reader.cancel().catch(() => undefined);
    },
  };
}

/** The client may write on before it reads the answer: a socket closed at once would reset it away. */
function endRest(request: IncomingMessage, clock: Clock, withinMs: number): void {
  const stopTimer = clock.setTimer(() => {
    request.destroy();
  }, withinMs);
  request.once('close', stopTimer);
  request.resume();
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

function bodyIsRead(): IntermodalError {
  const text =
    'the body of this request has been read already: mount the endpoint before any body parser';
  return new IntermodalError('invalid-argument', text);
}
