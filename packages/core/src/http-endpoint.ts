import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from './clock.ts';
import { deferred } from './deferred.ts';
import { IntermodalError } from './error.ts';
import { checkNumber, checkWhole } from './settings.ts';

/** A request before its body. */
export interface EndpointHead {
  readonly method: string;
  /** Path and query; the host is what the client claims. */
  readonly url: string;
  readonly headers: Headers;
  /** Aborted when the client goes before it has its answer. */
  readonly signal: AbortSignal;
}

/** A request whose body is whole. */
export interface EndpointRequest extends EndpointHead {
  readonly body: Uint8Array;
}

export interface EndpointAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpEndpointOptions {
  /** A longer body is answered with 413, as far as possible before it has come. */
  readonly maxBodyBytes: number;
  /** A body that has not come whole by then is answered with 408. */
  readonly bodyTimeoutMs: number;
  /** Asked before any of the body is read. What it returns refuses the request, and the body is not kept. */
  readonly refuse?: ((head: EndpointHead) => EndpointAnswer | undefined) | undefined;
  /** What is answered instead of a bare 400, 408 or 413, for protocols in which those mean something else. */
  readonly unread?: ((status: 400 | 408 | 413, head: EndpointHead) => EndpointAnswer) | undefined;
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

const failureStatus: Record<Failure, 400 | 408 | 413> = {
  'too-large': 413,
  'too-slow': 408,
  gone: 400,
};

/**
 * The HTTP side of a push endpoint: reads a bounded body in bounded time, then asks for the answer.
 *
 * @throws `invalid-argument`
 */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const { maxBodyBytes, bodyTimeoutMs, clock = systemClock } = options;
  checkWhole('maxBodyBytes', maxBodyBytes, 1);
  checkNumber('bodyTimeoutMs', bodyTimeoutMs, 1);

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

  async function answerTo(head: EndpointHead, receive: () => Coming): Promise<EndpointAnswer> {
    try {
      const refusal = options.refuse?.(head);
      if (refusal !== undefined) return closing(refusal);
      // A body announced as too long is not read at all.
      if (Number(head.headers.get('content-length') ?? 0) > maxBodyBytes)
        return noBody('too-large', head);
      const coming = receive();
      const body = await read(coming, head.signal);
      if (typeof body !== 'string') return await options.answer({ ...head, body });
      coming.discard();
      return noBody(body, head);
    } catch {
      return { status: 500 };
    }
  }

  function noBody(failure: Failure, head: EndpointHead): EndpointAnswer {
    const status = failureStatus[failure];
    return closing(options.unread?.(status, head) ?? { status });
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

function closing(answer: EndpointAnswer): EndpointAnswer {
  // What is left of the body would be taken for the next request.
  return { ...answer, headers: { ...answer.headers, connection: 'close' } };
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
