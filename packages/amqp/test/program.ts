import type { Transport } from '@intermodal/core';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';

export function transport(argument: string): Transport {
  return amqpTransport(JSON.parse(argument) as AmqpTransportOptions);
}
