import { FirehoseClient } from '@aws-sdk/client-firehose';
import type { FirehoseTransportOptions } from './options.ts';

const maxSockets = 128;

/** The client that is given, or one that leaves retries to core. */
export function clientOf(options: FirehoseTransportOptions): FirehoseClient {
  if (options.client !== undefined) return options.client;
  const { region, endpoint, credentials, requestTimeoutMs = 15_000 } = options;
  const agent = { keepAlive: true, maxSockets };
  return new FirehoseClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // A second layer would hide which records may have arrived.
    maxAttempts: 1,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      connectionTimeout: Math.min(5_000, requestTimeoutMs),
    },
  });
}
