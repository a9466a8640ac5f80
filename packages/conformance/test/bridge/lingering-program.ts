import type { Transport } from '@intermodal/core';
import { bridgeTransport } from './transport.ts';

/** Another process with a driver that leaves something running after it was closed. */
export function transport(argument: string): Transport {
  setInterval(() => undefined, 1_000);
  return bridgeTransport(Number(argument));
}
