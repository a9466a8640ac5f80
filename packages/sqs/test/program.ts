import type { Transport } from '@intermodal/core';
import { type SqsTransportOptions, sqsTransport } from '../src/index.ts';

export function transport(argument: string): Transport {
  return sqsTransport(JSON.parse(argument) as SqsTransportOptions);
}
