import type { Transport } from '@intermodal/core/driver';
import { closedLater } from '@intermodal/driver-tests';
import { amqp1Transport, type Amqp1TransportOptions } from '../src/index.ts';

export * from '@intermodal/driver-tests';

/** Closed after the test. */
export function transportOf(options: Amqp1TransportOptions): Transport {
  return closedLater(amqp1Transport(options));
}
