import type { Address, Transport } from '@intermodal/core/driver';
import { type AmqpCapabilities, capabilitiesOf } from './capabilities.ts';
import type { Connection, Purpose } from './connection.ts';
import { createConnections } from './connections.ts';
import { queueName, targetOf } from './names.ts';
import { type AmqpTransportOptions, type QueueType, resolveOptions } from './options.ts';
import { createAdmin } from './provision.ts';
import { openReceiver } from './receiver.ts';
import { openSender } from './sender.ts';
import { checkPlace, ensurePlace } from './topology.ts';

/**
 * RabbitMQ by AMQP 0-9-1, Amazon MQ for RabbitMQ included: quorum queues, or classic ones; order by key with
 * `singleActiveConsumer: true`.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function amqpTransport<
  const Q extends QueueType | undefined = undefined,
  const S extends boolean | undefined = undefined,
  const P extends number | undefined = undefined,
>(options: AmqpTransportOptions<Q, S, P> = {}): Transport<AmqpCapabilities<Q, S, P>> {
  const settings = resolveOptions(options);
  const { naming, topology, queueType, singleActiveConsumer, maxPriority } = settings;
  const connections = createConnections(settings);
  const capabilities = capabilitiesOf(queueType, singleActiveConsumer, maxPriority !== undefined);

  /** A connection on which the address is as wanted. */
  async function reach(
    address: Address,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<Connection> {
    const connection = await connections.use(purpose, signal);
    await ensurePlace(connection, address, settings, topology);
    return connection;
  }

  function isMendable(address: Address): boolean {
    return topology === 'declare' && address.native === undefined;
  }

  return {
    name: 'amqp',
    capabilities,
    // As the AMQP binding has it: RabbitMQ shows headers to AMQP 1.0 as application properties.
    cloudEventsPrefix: 'cloudEvents:',

    async openSender(address, signal) {
      const connection = await reach(address, 'publish', signal);
      const target = targetOf(address, naming);
      return openSender({
        connection,
        target,
        settings,
        isMendable: isMendable(address),
        isAfterLoss: connections.hadLoss,
      });
    },

    async openReceiver(address, receiverOptions, signal) {
      const grouped = { ...address, group: address.group ?? address.channel };
      const connection = await reach(grouped, 'consume', signal);
      return openReceiver(
        {
          connection,
          queue: queueName(grouped, naming),
          channelName: address.channel,
          isSingleActive: singleActiveConsumer && address.role === 'main',
          counts: queueType === 'quorum',
          isMendable: isMendable(address),
        },
        receiverOptions,
      );
    },

    admin: createAdmin((signal) => connections.use('consume', signal), settings),

    async check(address, signal) {
      const connection = await connections.use('consume', signal);
      if (address !== undefined) await checkPlace(connection, targetOf(address, naming));
    },

    close: () => connections.close(),
  };
}
