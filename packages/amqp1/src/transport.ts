import type { Address, Transport } from '@intermodal/core/driver';
import { type Amqp1Capabilities, capabilitiesOf, countsAttempts } from './capabilities.ts';
import { createConnections } from './connections.ts';
import { type Amqp1Broker, exclusively, type Place, phraseOf, placeOf } from './engine.ts';
import { openReceiverLink, openSenderLink, proveSession } from './link.ts';
import { type Amqp1TransportOptions, type QueueType, resolveOptions } from './options.ts';
import { createAdmin } from './provision.ts';
import { openReceiver } from './receiver.ts';
import { openSender } from './sender.ts';

/**
 * RabbitMQ and ActiveMQ Classic by AMQP 1.0, on Amazon MQ too. What it can do depends on `broker`, which is checked when
 * connecting.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function amqp1Transport<
  const B extends Amqp1Broker,
  const Q extends QueueType | undefined = undefined,
  const S extends boolean | undefined = undefined,
>(options: Amqp1TransportOptions<B, Q, S>): Transport<Amqp1Capabilities<B, Q, S>> {
  const settings = resolveOptions(options);
  const { broker, naming, queueType, singleActiveConsumer } = settings;
  const connections = createConnections(settings);
  const capabilities = capabilitiesOf(broker, queueType, singleActiveConsumer);
  const isOrdered = capabilities.order === 'key';

  /** A queue is asked for as a reader does, since RabbitMQ 3 lets anybody write to one that is not there. */
  async function probe(place: Place, signal: AbortSignal): Promise<void> {
    const connection = await connections.use('consume', signal);
    const asked = { name: phraseOf(place) };
    const address = place.link;
    const { life } =
      place.kind === 'queue'
        ? await openReceiverLink(connection, { source: { address, durable: 2 } }, asked, signal)
        : await openSenderLink(connection, { target: { address, durable: 2 } }, asked, signal);
    await life.close(signal);
  }

  async function probeAddress(address: Address, signal: AbortSignal): Promise<void> {
    await probe(placeOf(broker, address, naming), signal);
  }

  return {
    name: 'amqp1',
    capabilities,
    // RabbitMQ's other clients write the first; JMS allows no colon in a name.
    cloudEventsPrefix: broker === 'activemq' ? 'cloudEvents_' : 'cloudEvents:',

    async openSender(address, signal) {
      const place = placeOf(broker, address, naming);
      if (broker === 'rabbitmq3' && place.kind === 'queue') await probe(place, signal);
      const connection = await connections.use('publish', signal);
      return openSender({ connection, place, settings, isOrdered }, signal);
    },

    async openReceiver(address, { prefetch }, signal) {
      const grouped = { ...address, group: address.group ?? address.channel };
      const isInOrder = isOrdered && address.role === 'main';
      const shared = placeOf(broker, grouped, naming);
      const isAlone = broker === 'activemq' && singleActiveConsumer && isInOrder;
      const place = isAlone ? exclusively(shared) : shared;
      const connection = await connections.use('consume', signal);
      return openReceiver(
        {
          connection,
          broker,
          place,
          channelName: address.channel,
          isOrdered: isInOrder,
          counts: countsAttempts(broker, queueType),
          // What ActiveMQ got back and not yet sent again, it would send before what it gets back after that.
          firstCredit: broker === 'activemq' && isInOrder ? prefetch : 0,
        },
        signal,
      );
    },

    admin: createAdmin(
      { connect: (signal) => connections.use('consume', signal), probe: probeAddress },
      settings,
    ),

    async check(address, signal) {
      if (address !== undefined) {
        await probeAddress(address, signal);
        return;
      }
      const connection = await connections.use('consume', signal);
      await proveSession(connection, { name: 'the broker' }, signal);
    },

    close: () => connections.close(),
  };
}
