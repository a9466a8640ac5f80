import type { Transport } from '@intermodal/core';
import { stompTransport, type StompTransportOptions } from '../src/index.ts';

export function transport(argument: string): Transport {
  return stompTransport(JSON.parse(argument) as StompTransportOptions);
}
