import { startOwnBroker, tlsFilesOf } from '@intermodal/brokers';
import type { Place } from './place.ts';

function place(name: string, variable: string): Place {
  return {
    name,
    orders: 300,
    isOrdered: true,
    groups: 'many',
    async start() {
      const own = await startOwnBroker('activemq');
      const url = new URL(own.environment[variable] ?? '');
      url.searchParams.set('broker', 'activemq');
      // The authority of the tests, which Node reads when it starts.
      process.env['NODE_EXTRA_CA_CERTS'] = tlsFilesOf('activemq', own.environment).ca;
      return {
        url: url.href,
        async [Symbol.asyncDispose]() {
          delete process.env['NODE_EXTRA_CA_CERTS'];
          await own[Symbol.asyncDispose]();
        },
      };
    },
  };
}

const overTcp = place('ActiveMQ, STOMP', 'INTERMODAL_ACTIVEMQ_STOMP_URL');

export const stompPlaces: readonly Place[] = [
  overTcp,
  place('ActiveMQ, STOMP with TLS', 'INTERMODAL_ACTIVEMQ_STOMP_TLS_URL'),
  place('ActiveMQ, STOMP in a WebSocket with TLS', 'INTERMODAL_ACTIVEMQ_STOMP_WSS_URL'),
];

/** Each costs three starts of Node; what carries the frames makes no difference to who is killed. */
export const stompKillPlaces: readonly Place[] = [overTcp];
