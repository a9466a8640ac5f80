import { randomUUID } from 'node:crypto';
import { amqpTransport, type AmqpTransportOptions, type QueueType } from '@intermodal/amqp';
import { type OwnBroker, startOwnBroker } from '@intermodal/brokers';
import { type Channel, channel, type Client, createClient } from '@intermodal/core';
import type { Surroundings } from '../bench.ts';
import type { Order } from '../sqs/orders.ts';

/** A RabbitMQ, and there an exchange of the name of the channel with one queue. */
export interface Place {
  readonly url: string;
  readonly queueType: QueueType;
  readonly exchange: string;
  readonly queue: string;
}

export const group = 'bench';

export function placeAt(address: string): Place {
  return JSON.parse(address) as Place;
}

function optionsAt({ url, queueType }: Place): AmqpTransportOptions {
  const { hostname, port, username, password } = new URL(url);
  const hosts = [{ host: hostname, port: Number(port) }];
  return { hosts, credentials: { username, password }, queueType };
}

export function channelAt({ exchange }: Place): Channel<Order, Order> {
  return channel<Order>(exchange);
}

export function clientAt(place: Place): Client {
  return createClient({ transport: amqpTransport(optionsAt(place)) });
}

/** One broker for all contenders of a bench; each has a queue of its own, declared as Intermodal declares it. */
export function rabbitmqPlaces(
  name: 'rabbitmq' | 'rabbitmq4',
  queueType: QueueType,
): {
  readonly prepare: () => Promise<void>;
  readonly surround: () => Promise<Surroundings>;
  readonly finish: () => Promise<void>;
} {
  let broker: OwnBroker | undefined;
  return {
    async prepare() {
      broker = await startOwnBroker(name);
    },
    async surround() {
      const exchange = `bench-${randomUUID().slice(0, 8)}`;
      const url = broker?.environment[`INTERMODAL_${name.toUpperCase()}_URL`] ?? '';
      const place: Place = { url, queueType, exchange, queue: `${exchange}.${group}` };
      const orders = channelAt(place);
      await using client = clientAt(place);
      await client.provision([orders], { groups: [group] });
      return {
        address: JSON.stringify(place),
        async stop() {
          const transport = amqpTransport(optionsAt(place));
          const { signal } = new AbortController();
          await transport.admin?.remove?.({ channel: exchange, group, role: 'main' }, signal);
          await transport.close();
        },
      };
    },
    async finish() {
      await broker?.stop();
      broker = undefined;
    },
  };
}
