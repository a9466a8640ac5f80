import { throughputBeside } from '../aims.ts';
import type { Bench } from '../bench.ts';
import { stompjsConsume, stompjsPublish } from '../stomp/by-hand.ts';
import { cannedServer } from '../stomp/canned.ts';
import { intermodalConsume, intermodalPublish } from '../stomp/intermodal.ts';
import { preparePeers, stompitConsume, stompitPublish } from '../stomp/stompit.ts';
import { consuming, prefetch, publishing, unconfirmed } from '../stomp/work.ts';

const shared = {
  prepare: preparePeers,
  surround: cannedServer,
  messages: 50_000,
  warmUp: 10_000,
  aims: [throughputBeside(stompjsPublish.name, 0.9, intermodalPublish.name)],
} satisfies Partial<Bench>;

export const benches: readonly Bench[] = [
  {
    ...shared,
    name: 'stomp-publish',
    title: `200 bytes, 16 keys, persistent, a receipt for each, ${unconfirmed} under way; a server that answers at once`,
    contenders: [stompjsPublish, intermodalPublish, stompitPublish].map(publishing),
  },
  {
    ...shared,
    name: 'stomp-consume',
    title: `consume and ack the same with receipts, prefetch ${prefetch}, handler that does nothing; a server that answers at once`,
    contenders: [stompjsConsume, intermodalConsume, stompitConsume].map(consuming),
  },
];
