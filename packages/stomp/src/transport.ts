import { randomUUID } from 'node:crypto';
import type { Address, Transport } from '@intermodal/core/driver';
import { capabilitiesOf, countsAttempts, type StompCapabilities } from './capabilities.ts';
import type { Connection } from './connection.ts';
import { createConnections } from './connections.ts';
import { deadLettersOf, type Place, phraseOf, placeOf, type StompBroker } from './engine.ts';
import { type QueueType, resolveOptions, type StompTransportOptions } from './options.ts';
import { createAdmin } from './provision.ts';
import { openReceiver } from './receiver.ts';
import { createSender } from './sender.ts';

/**
 * ActiveMQ Classic and RabbitMQ by STOMP 1.2, on Amazon MQ for ActiveMQ too. What it can do depends on `broker`, which is
 * checked when connecting.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function stompTransport<
  const B extends StompBroker,
  const Q extends QueueType | undefined = undefined,
  const S extends boolean | undefined = undefined,
  const D extends boolean | undefined = undefined,
  const P extends boolean | undefined = undefined,
>(options: StompTransportOptions<B, Q, S, D, P>): Transport<StompCapabilities<B, Q, S, D, P>> {
  const settings = resolveOptions(options);
  const { broker, naming } = settings;
  const connections = createConnections(settings);
  const capabilities = capabilitiesOf(settings) as StompCapabilities<B, Q, S, D, P>;
  const isOrdered = capabilities.order === 'key';

  function connect(place: Place, signal: AbortSignal, group?: string): Promise<Connection> {
    // A durable subscription belongs to a client.
    const clientId =
      place.kind === 'topic' && group !== undefined
        ? `intermodal-${place.name}-${group}`
        : undefined;
    return connections.open({ name: phraseOf(place), clientId }, signal);
  }

  /** As a reader asks, since RabbitMQ lets anybody write to a queue that is not there; an exchange gets a queue for a moment. */
  async function probe(place: Place, signal: AbortSignal): Promise<void> {
    const connection = await connect(place, signal);
    try {
      if (place.kind === 'topic') return;
      const destination =
        place.kind === 'exchange'
          ? `${place.destination}/probe-${randomUUID()}`
          : place.destination;
      // Nothing is to be taken out of a queue for that.
      const gently: readonly [string, string] =
        broker === 'activemq' ? ['browser', 'true'] : ['prefetch-count', '1'];
      const headers = [
        ['id', '0'],
        ['destination', destination],
        ['ack', 'client-individual'],
        gently,
      ] as const;
      await connection.ask('SUBSCRIBE', headers, signal);
    } finally {
      await connection.close(signal);
    }
  }

  function probeAddress(address: Address, signal: AbortSignal): Promise<void> {
    return probe(placeOf(broker, address, naming), signal);
  }

  return {
    name: 'stomp',
    capabilities,
    // RabbitMQ's other clients write the first; JMS allows no colon in a name.
    cloudEventsPrefix: broker === 'activemq' ? 'cloudEvents_' : 'cloudEvents:',

    async openSender(address, signal) {
      const place = placeOf(broker, address, naming);
      if (broker === 'rabbitmq' && place.kind === 'queue') await probe(place, signal);
      const connection = await connect(place, signal);
      return createSender({ connection, place, settings, isOrdered });
    },

    async openReceiver(address, receiverOptions, signal) {
      const group = address.group ?? address.channel;
      const grouped = { ...address, group };
      const place = placeOf(broker, grouped, naming);
      const isMain = address.role === 'main';
      return openReceiver(
        {
          connect: (until) => connect(place, until, group),
          settings,
          place,
          deadLetters: placeOf(broker, deadLettersOf(grouped), naming),
          channelName: address.channel,
          group,
          isOrdered: isOrdered && isMain,
          counts: countsAttempts(settings),
        },
        receiverOptions,
        signal,
      );
    },

    admin: createAdmin(
      {
        connect: (address, signal) => connect(placeOf(broker, address, naming), signal),
        probe: probeAddress,
      },
      settings,
    ),

    async check(address, signal) {
      if (address !== undefined) {
        await probeAddress(address, signal);
        return;
      }
      const connection = await connections.open({ name: 'the broker' }, signal);
      await connection.close(signal);
    },

    close: () => connections.close(),
  };
}
