import type { Transport } from '@intermodal/core/driver';
import { closedLater } from '@intermodal/driver-tests';
import { mqttTransport, type MqttTransportOptions } from '../src/index.ts';

export * from '@intermodal/driver-tests';

/** Closed after the test. */
export function transportOf(options: MqttTransportOptions): Transport {
  return closedLater(mqttTransport(options));
}
