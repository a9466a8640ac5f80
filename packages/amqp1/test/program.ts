import type { Transport } from '@intermodal/core';
import { amqp1Transport, type Amqp1TransportOptions } from '../src/index.ts';

export function transport(argument: string): Transport {
  return amqp1Transport(JSON.parse(argument) as Amqp1TransportOptions);
}
