import type { Capabilities } from '@intermodal/core';
import { amqpTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  amqp: amqpTransport().capabilities,
  'amqp, single active consumer': amqpTransport({ singleActiveConsumer: true }).capabilities,
  'amqp, classic': amqpTransport({ queueType: 'classic' }).capabilities,
  'amqp, classic, priorities': amqpTransport({ queueType: 'classic', maxPriority: 9 }).capabilities,
};
