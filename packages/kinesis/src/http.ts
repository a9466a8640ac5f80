import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler';

type Handler = NodeHttp2Handler | NodeHttpHandler;

export interface HttpSettings {
  readonly requestTimeoutMs: number;
  /** Emulators without TLS speak HTTP/1.1 alone. */
  readonly encrypted: boolean;
}

// Of one session: what every server takes. More wait in Node for one to end, and a subscription lasts for minutes.
const maxConcurrentStreams = 100;

/**
 * How requests to Kinesis travel: all of them over one HTTP/2 session, where the SDK by itself opens a session for each.
 *
 * @see https://github.com/aws/aws-sdk-js-v3/issues/8279
 */
export function kinesisHttp({ requestTimeoutMs, encrypted }: HttpSettings): Handler {
  if (!encrypted) return http1({ requestTimeoutMs });
  return withoutIsolation(
    replacingSilentSessions(
      new NodeHttp2Handler({
        disableConcurrentStreams: false,
        maxConcurrentStreams,
        requestTimeout: requestTimeoutMs,
        sessionTimeout: Math.max(60_000, 2 * requestTimeoutMs),
      }),
    ),
  );
}

/** For DynamoDB, and for Kinesis without TLS. */
export function http1({ requestTimeoutMs }: Pick<HttpSettings, 'requestTimeoutMs'>): Handler {
  const agent = { keepAlive: true, maxSockets: 128 };
  return new NodeHttpHandler({
    httpAgent: agent,
    httpsAgent: agent,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    connectionTimeout: Math.min(5_000, requestTimeoutMs),
  });
}

/** The handler opens a session for each event stream; one shard that is left to wait holds up no other stream in Node. */
function withoutIsolation(handler: NodeHttp2Handler): NodeHttp2Handler {
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) => handle(request, { ...options, isEventStream: false });
  return handler;
}

/**
 * A request that times out leaves its session in use, and every later one would time out too: where nothing at all has
 * answered in the meantime, the sessions are thrown away.
 */
function replacingSilentSessions(handler: NodeHttp2Handler): NodeHttp2Handler {
  let answers = 0;
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    const before = answers;
    try {
      const answer = await handle(request, options);
      answers += 1;
      return answer;
    } catch (error) {
      const isSilent = error instanceof Error && error.name === 'TimeoutError';
      if (isSilent && answers === before) handler.destroy();
      throw error;
    }
  };
  return handler;
}
