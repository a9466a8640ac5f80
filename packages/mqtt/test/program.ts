import type { Transport } from '@intermodal/core';
import { mqttTransport, type MqttTransportOptions } from '../src/index.ts';

export function transport(argument: string): Transport {
  return mqttTransport(JSON.parse(argument) as MqttTransportOptions);
}
