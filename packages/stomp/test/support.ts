import type { Transport } from '@intermodal/core/driver';
import { closedLater } from '@intermodal/driver-tests';
import { stompTransport, type StompTransportOptions } from '../src/index.ts';

export * from '@intermodal/driver-tests';

/** Closed after the test. */
export function transportOf(options: StompTransportOptions): Transport {
  return closedLater(stompTransport(options));
}
