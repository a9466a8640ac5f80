import type { Transport } from '@intermodal/core';
import { bridgeTransport } from './transport.ts';

/** What the suite loads in processes of its own. */
export function transport(argument: string): Transport {
  return bridgeTransport(Number(argument));
}
