import { channel, type Client, createClient } from '@intermodal/core';
import {
  type KinesisCapabilities,
  kinesisTransport,
  type KinesisTransportOptions,
} from '@intermodal/kinesis';
import { credentials, StreamName } from './by-hand.ts';
import type { Endpoints } from './canned.ts';
import type { Order } from './orders.ts';
import type { ConsumingOptions, PublishingOptions } from './work.ts';

const orders = channel<Order>(StreamName);

function open(
  { kinesis, dynamo }: Endpoints,
  options: KinesisTransportOptions,
): Client<KinesisCapabilities> {
  return createClient({
    transport: kinesisTransport({
      endpoint: kinesis,
      leaseEndpoint: dynamo,
      region: 'eu-west-1',
      credentials,
      pollMs: 200,
      ...options,
    }),
    maxPendingMessages: 100_000,
  });
}

function publishes(
  name: string,
  perCall: number,
  options: KinesisTransportOptions,
): PublishingOptions {
  return {
    name,
    callers: 2,
    perCall,
    open(endpoints) {
      const client = open(endpoints, options);
      return {
        send: (batch) =>
          Promise.all(batch.map((order) => client.publish(orders, order, { key: order.customer }))),
        stop: () => client.close(),
      };
    },
  };
}

const bare: KinesisTransportOptions = { envelope: 'none' };

/** A call of `publish` for each, as its users write it. */
export const intermodalAggregated: PublishingOptions = publishes('Intermodal, aggregated', 20_000, {
  ...bare,
  aggregation: 'kpl',
});

export const intermodalPlain: PublishingOptions = publishes('Intermodal, plain', 1_000, bare);

export const intermodalEnveloped: PublishingOptions = publishes(
  'Intermodal, aggregated, CloudEvents',
  20_000,
  { aggregation: 'kpl' },
);

function consumes(name: string, options: KinesisTransportOptions): ConsumingOptions {
  return {
    name,
    async open(endpoints, handle) {
      const client = open(endpoints, options);
      const settings = {
        group: 'bench',
        concurrency: 32,
        prefetch: 1_000,
        from: 'earliest',
      } as const;
      const deadLetter = { address: 'bench_dlq' };
      await client.consume(orders, { ...settings, deadLetter }, ({ body }) => handle(body));
      return { stop: () => client.close({ deadlineMs: 0 }) };
    },
  };
}

export const intermodalConsume: ConsumingOptions = consumes('Intermodal', bare);
