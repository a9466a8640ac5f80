import { startOwnBroker } from '@intermodal/brokers';
import type { Place } from './place.ts';

export const kinesisPlaces: readonly Place[] = [
  {
    name: 'Kinesis, on kinesis-local and dynalite',
    orders: 300,
    isOrdered: true,
    groups: 'many',
    async start() {
      const [kinesis, dynamo] = await Promise.all(
        ['kinesis-local', 'dynalite'].map((name) => startOwnBroker(name)),
      );
      const endpoint = kinesis?.environment['INTERMODAL_KINESIS_LOCAL_ENDPOINT'] ?? '';
      const url = new URL(endpoint.replace(/^http/, 'kinesis'));
      url.username = 'emulator';
      url.password = 'emulator';
      // What a killed process read goes on when its leases are taken over.
      url.search = new URLSearchParams({
        leaseEndpoint: dynamo?.environment['INTERMODAL_DYNALITE_ENDPOINT'] ?? '',
        failoverMs: '3000',
        pollMs: '200',
        shards: '2',
      }).toString();
      return {
        url: url.href,
        async [Symbol.asyncDispose]() {
          await kinesis?.[Symbol.asyncDispose]();
          await dynamo?.[Symbol.asyncDispose]();
        },
      };
    },
  },
];
