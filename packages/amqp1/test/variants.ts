import type { Capabilities } from '@intermodal/core';
import { amqp1Transport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  'amqp1, rabbitmq': amqp1Transport({ broker: 'rabbitmq' }).capabilities,
  'amqp1, rabbitmq3': amqp1Transport({ broker: 'rabbitmq3' }).capabilities,
  'amqp1, activemq': amqp1Transport({ broker: 'activemq' }).capabilities,
};
