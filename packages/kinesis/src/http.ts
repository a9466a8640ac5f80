import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler';

type Handler = NodeHttp2Handler | NodeHttpHandler;

export interface HttpSettings {
  readonly requestTimeoutMs: number;
  /** Emulators without TLS speak HTTP/1.1 alone. */
  readonly encrypted: boolean;
}

/**
 * How requests to Kinesis travel: all of them over one HTTP/2 session, where the SDK by itself opens a session for each.
 *
 * @see https://github.com/aws/aws-sdk-js-v3/issues/8279
 */
export function kinesisHttp({ requestTimeoutMs, encrypted }: HttpSettings): Handler {
  if (!encrypted) return http1({ requestTimeoutMs });
  return replacingSilentSessions(
    new NodeHttp2Handler({
      disableConcurrentStreams: false,
      requestTimeout: requestTimeoutMs,
      sessionTimeout: Math.max(60_000, 2 * requestTimeoutMs),
    }),
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
