import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import type { SqsTransportOptions } from '@intermodal/sqs';
import { speakLeanQuery } from './lean-query.ts';
import type { SnsTransportOptions } from './options.ts';

/** Topics and endpoints are known in their own region alone, so there is a client for each. */
export interface Clients {
  /** Of the transport's own region. */
  readonly main: SNSClient;
  in(region: string): Promise<SNSClient>;
  /** Ends what was made here; a client that was passed in stays the caller's. */
  destroy(): void;
}

/** What transports, endpoints and notifiers are told alike. */
export type SnsClientOptions = Pick<
  SnsTransportOptions,
  'region' | 'endpoint' | 'credentials' | 'client' | 'requestTimeoutMs' | 'connectTimeoutMs'
>;

const sockets = 128;

export function createClients(options: SnsClientOptions): Clients {
  const { client, region, endpoint, credentials } = options;
  const practice = practiceOf(options);
  const own = (config: SNSClientConfig): SNSClient => {
    const made = new SNSClient({ ...config, ...practice });
    speakLeanQuery(made);
    return made;
  };
  const main =
    client ??
    own({
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    });
  const others = new Map<string, SNSClient>();

  function made(other: string): SNSClient {
    const found = others.get(other) ?? own({ ...sharedConfig(main), region: other });
    others.set(other, found);
    return found;
  }

  return {
    main,
    async in(wanted) {
      return (await main.config.region()) === wanted ? main : made(wanted);
    },
    destroy() {
      if (client === undefined) main.destroy();
      for (const other of others.values()) other.destroy();
    },
  };
}

/** Credentials are looked up once for all. */
function sharedConfig(main: SNSClient): SNSClientConfig {
  const { credentials, endpoint, useDualstackEndpoint, useFipsEndpoint } = main.config;
  return {
    credentials,
    useDualstackEndpoint,
    useFipsEndpoint,
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function practiceOf(options: SnsClientOptions): SNSClientConfig {
  const agent = { keepAlive: true, maxSockets: sockets };
  return {
    // Core retries: a second layer would hide which sends may have arrived.
    maxAttempts: 1,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      requestTimeout: options.requestTimeoutMs ?? 15_000,
      throwOnRequestTimeout: true,
      connectionTimeout: options.connectTimeoutMs ?? 5_000,
    },
  };
}

/** What the queues' clients share with the topics', as far as `queues` does not say otherwise. */
export function queueConnection(
  options: SnsTransportOptions,
  main: SNSClient,
): SqsTransportOptions {
  const { queues = {} } = options;
  if (queues.client !== undefined) return {};
  if (options.client === undefined) {
    const { region, endpoint, credentials } = options;
    return {
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    };
  }
  return { credentials: main.config.credentials };
}
