import type { Capabilities } from '@intermodal/core';
import { mqttTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  'mqtt, 5': mqttTransport({ broker: 'mosquitto', protocol: '5' }).capabilities,
  'mqtt, 3.1.1': mqttTransport({ broker: 'mosquitto', protocol: '3.1.1' }).capabilities,
  'mqtt, 5, member': mqttTransport({ broker: 'mosquitto', protocol: '5', member: 'a' })
    .capabilities,
};
