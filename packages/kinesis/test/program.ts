import type { Transport } from '@intermodal/core';
import { kinesisTransport, type KinesisTransportOptions } from '../src/index.ts';

export function transport(argument: string): Transport {
  return kinesisTransport(JSON.parse(argument) as KinesisTransportOptions);
}
