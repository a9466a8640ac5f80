import { FirehoseClient } from '@aws-sdk/client-firehose';
import { clientSettings, statedConnection } from '@intermodal/aws';
import type { FirehoseTransportOptions } from './options.ts';

/** The client that is given, or one that leaves retries to core. */
export function clientOf(options: FirehoseTransportOptions): FirehoseClient {
  if (options.client !== undefined) return options.client;
  const { requestTimeoutMs = 15_000 } = options;
  const connectTimeoutMs = Math.min(5_000, requestTimeoutMs);
  return new FirehoseClient({
    ...statedConnection(options),
    ...clientSettings({ requestTimeoutMs, connectTimeoutMs }),
  });
}
