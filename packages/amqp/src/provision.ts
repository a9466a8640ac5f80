import { type Address, type Admin, type Backlog, IntermodalError } from '@intermodal/core/driver';
import type { Channel } from 'amqplib';
import type { Connection } from './connection.ts';
import { deadLettersOf, exchangeName, queueName } from './names.ts';
import type { Settings } from './options.ts';
import { checkDeliveryLimit, ensurePlace, withChannel } from './topology.ts';

export function createAdmin(
  connect: (signal: AbortSignal) => Promise<Connection>,
  settings: Settings,
): Admin {
  const { naming } = settings;

  async function onQueue<T>(
    address: Address,
    signal: AbortSignal,
    work: (channel: Channel, queue: string) => Promise<T>,
  ): Promise<T> {
    const queue = queueName(address, naming);
    const connection = await connect(signal);
    return withChannel(connection, { name: `queue '${queue}'` }, (channel) => work(channel, queue));
  }

  async function ready(address: Address, signal: AbortSignal): Promise<number> {
    const { messageCount } = await onQueue(address, signal, (channel, queue) =>
      channel.checkQueue(queue),
    );
    return messageCount;
  }

  return {
    async provision(address, plan, signal) {
      checkDeliveryLimit(settings, plan.maxAttempts);
      const connection = await connect(signal);
      const manner = plan.mode === 'create' ? 'declare' : 'verify';
      await ensurePlace(connection, address, settings, manner);
      const { deadLetter } = plan;
      // Those of the group itself are part of it.
      if (deadLetter?.native !== undefined)
        await ensurePlace(connection, deadLetter, settings, manner);
    },

    /** What consumers hold, and what is delayed, only the management plug-in could tell. */
    async backlog(address, signal): Promise<Backlog> {
      const dead = deadLettersOf(address);
      const [waiting, deadLettered] = await Promise.all([
        ready(address, signal),
        address.role === 'main' ? ready(dead, signal).catch(noneIfMissing) : 0,
      ]);
      return { ready: waiting, inFlight: 0, delayed: 0, deadLettered, exact: false };
    },

    async purge(address, signal) {
      await onQueue(address, signal, (channel, queue) => channel.purgeQueue(queue));
    },

    /** A group goes with its dead letters; without a group the exchange goes. */
    async remove(address, signal) {
      if (address.role === 'main' && address.group === undefined) {
        const exchange = exchangeName(address, naming);
        const connection = await connect(signal);
        await withChannel(connection, { name: `exchange '${exchange}'` }, (channel) =>
          channel.deleteExchange(exchange),
        );
        return;
      }
      await onQueue(address, signal, (channel, queue) => channel.deleteQueue(queue));
      if (address.role === 'dead-letter') return;
      await onQueue(deadLettersOf(address), signal, (channel, queue) => channel.deleteQueue(queue));
    },
  };
}

function noneIfMissing(error: unknown): number {
  if (IntermodalError.is(error, 'not-found')) return 0;
  throw error;
}
