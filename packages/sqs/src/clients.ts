import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { clientSettings, type RequestLimits, statedConnection } from '@intermodal/aws';
import { speakLeanJson } from './lean-json.ts';
import { type SqsTransportOptions, waitSecondsOf } from './options.ts';

/** Two clients: open long polls must never take the sockets that settlements need. */
export interface Clients {
  /** Sends, settles and administrates. */
  readonly main: SQSClient;
  readonly receive: SQSClient;
  /** Ends what was made here; clients that were passed in stay the caller's. */
  destroy(): void;
}

const practice: SQSClientConfig = {
  // The SDK's own check throws away a whole batch for one bad body; deliveries are checked one by one instead, and
  // what is sent is covered by the request's signature.
  md5: false,
  // The host of a queue URL is never followed: signed requests go to the configured endpoint alone.
  useQueueUrlAsEndpoint: false,
};

export function createClients(options: SqsTransportOptions): Clients {
  const requestTimeoutMs = options.requestTimeoutMs ?? 15_000;
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const own = (
    config: SQSClientConfig,
    limits: Omit<RequestLimits, 'connectTimeoutMs'>,
  ): SQSClient => {
    const made = new SQSClient({
      ...config,
      ...practice,
      ...clientSettings({ ...limits, connectTimeoutMs }),
    });
    speakLeanJson(made);
    return made;
  };
  const main = options.client ?? own(statedConnection(options), { requestTimeoutMs });
  const pollTimeoutMs = requestTimeoutMs + waitSecondsOf(options) * 1_000;
  // Bounded by the receivers, each of which polls at most maxConcurrentReceives times at once.
  const receive =
    options.receiveClient ??
    own(sharedOf(main, options), { requestTimeoutMs: pollTimeoutMs, maxSockets: Infinity });
  return {
    main,
    receive,
    destroy() {
      if (options.client === undefined) main.destroy();
      if (options.receiveClient === undefined) receive.destroy();
    },
  };
}

/** Credentials are looked up once for both. */
function sharedOf(main: SQSClient, options: SqsTransportOptions): SQSClientConfig {
  const { region, credentials, endpoint, useDualstackEndpoint, useFipsEndpoint } = main.config;
  const elsewhere = options.endpoint ?? endpoint;
  return {
    region,
    credentials,
    useDualstackEndpoint,
    useFipsEndpoint,
    ...(elsewhere === undefined ? {} : { endpoint: elsewhere }),
  };
}
