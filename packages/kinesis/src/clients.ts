import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { statedConnection } from '@intermodal/aws';
import { http1, kinesisHttp } from './http.ts';
import type { KinesisTransportOptions } from './options.ts';

export interface Clients {
  readonly kinesis: KinesisClient;
  /** Made when the first consumer opens: publishers need no DynamoDB. */
  leases(): DynamoDBClient;
  /** Ends what was made here; clients that were passed in stay the caller's. */
  destroy(): void;
}

// The transport and core retry: a second layer would hide which requests may have been carried out.
const maxAttempts = 1;
// Tables are made with the same client.
const leastLeaseTimeoutMs = 5_000;

export function createClients(options: KinesisTransportOptions): Clients {
  const requestTimeoutMs = options.requestTimeoutMs ?? 15_000;
  const { endpoint, leaseEndpoint } = options;
  const kinesis =
    options.client ??
    new KinesisClient({
      ...statedConnection(options),
      maxAttempts,
      requestHandler: kinesisHttp({
        requestTimeoutMs,
        encrypted: endpoint === undefined || !endpoint.startsWith('http:'),
      }),
    });
  // An answer that comes later than the next renewal is due is worth nothing.
  const leaseTimeoutMs = Math.min(
    requestTimeoutMs,
    Math.max(leastLeaseTimeoutMs, (options.leasing?.failoverMs ?? 10_000) / 3),
  );
  let leases: DynamoDBClient | undefined;

  function leaseClient(): DynamoDBClient {
    // Credentials are looked up once for both.
    const { region, credentials, useDualstackEndpoint, useFipsEndpoint } = kinesis.config;
    return new DynamoDBClient({
      region,
      credentials,
      useDualstackEndpoint,
      useFipsEndpoint,
      ...(leaseEndpoint === undefined ? {} : { endpoint: leaseEndpoint }),
      maxAttempts,
      requestHandler: http1({ requestTimeoutMs: leaseTimeoutMs }),
    });
  }

  return {
    kinesis,
    leases: () => options.leaseClient ?? (leases ??= leaseClient()),
    destroy() {
      if (options.client === undefined) kinesis.destroy();
      leases?.destroy();
    },
  };
}
