import type { Transport } from '@intermodal/core';
import { type SnsTransportOptions, snsTransport } from '../src/index.ts';

export function transport(argument: string): Transport {
  return snsTransport(JSON.parse(argument) as SnsTransportOptions);
}
