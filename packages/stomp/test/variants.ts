import type { Capabilities } from '@intermodal/core';
import { stompTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  'stomp, activemq': stompTransport({ broker: 'activemq' }).capabilities,
  'stomp, rabbitmq': stompTransport({ broker: 'rabbitmq' }).capabilities,
};
