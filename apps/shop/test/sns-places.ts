import { type AwsBroker, awsClientOptions, startOwnBroker } from '@intermodal/brokers';
import type { Place } from './place.ts';

function place(broker: Exclude<AwsBroker, 'aws'>, isFifo: boolean, orders: number): Place {
  return {
    name: `SNS, ${isFifo ? 'FIFO' : 'standard'}, on ${broker}`,
    orders,
    isOrdered: isFifo,
    groups: 'many',
    async start() {
      const own = await startOwnBroker(broker);
      const { region, endpoint = '', credentials } = awsClientOptions(broker, own.environment);
      const url = new URL(endpoint.replace(/^http/, 'sns'));
      url.username = credentials?.accessKeyId ?? '';
      url.password = credentials?.secretAccessKey ?? '';
      // The shortest lease there is: what a killed process had in hand comes back when it ends.
      const parameters = { region, fifo: String(isFifo), leaseMs: '2000' };
      url.search = new URLSearchParams(parameters).toString();
      return { url: url.href, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
    },
  };
}

/** moto takes a quarter of what fauxqs takes. */
export const snsPlaces: readonly Place[] = [
  place('fauxqs', false, 300),
  place('fauxqs', true, 300),
  place('moto', true, 60),
];
