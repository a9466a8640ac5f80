import { cpuBeside, requestsAtMost, throughputBeside } from '../aims.ts';
import type { Bench, Contender } from '../bench.ts';
import {
  handConsume,
  handPublish,
  handPublishAll,
  sdkConsume,
  sdkPublish,
} from '../sqs/by-hand.ts';
import { cannedServer } from '../sqs/canned.ts';
import {
  consumerBatches,
  consumerOne,
  producerOne,
  producerTen,
} from '../sqs/consumer-and-producer.ts';
import { intermodalConsume, intermodalPublish } from '../sqs/intermodal.ts';
import { preparePeers } from '../sqs/peers.ts';
import { squissConsume, squissPublish } from '../sqs/squiss.ts';
import { toolkitConsume, toolkitPublish } from '../sqs/toolkit.ts';
import { consuming, publishing } from '../sqs/work.ts';

const publishers: readonly Contender[] = [
  handPublish,
  handPublishAll,
  intermodalPublish,
  sdkPublish,
  producerTen,
  producerOne,
  squissPublish,
  toolkitPublish,
].map(publishing);

function consumers(handlerMs: number): readonly Contender[] {
  return [
    handConsume,
    intermodalConsume,
    sdkConsume,
    consumerOne,
    consumerBatches,
    squissConsume,
    toolkitConsume,
  ].map((options) => consuming(options, handlerMs));
}

const threeTimesConsumer = throughputBeside(consumerOne.name, 3, intermodalConsume.name);

const publishAims = [
  cpuBeside(handPublish.name, 1.05, intermodalPublish.name),
  requestsAtMost(105, intermodalPublish.name),
];
const consumeAims = [
  cpuBeside(handConsume.name, 1.05, intermodalConsume.name),
  requestsAtMost(210, intermodalConsume.name),
];

function overNetwork(latencyMs: number): readonly Bench[] {
  const suffix = latencyMs === 0 ? '' : `-${latencyMs}ms`;
  const where = latencyMs === 0 ? 'a server that answers at once' : `${latencyMs} ms round trip`;
  const shared = {
    prepare: preparePeers,
    surround: () => cannedServer(latencyMs),
    // A second goes by until the compiler has done its work.
    warmUp: latencyMs === 0 ? 5_000 : 1_000,
  };
  return [
    {
      ...shared,
      name: `sqs-publish${suffix}`,
      title: `200 bytes, 16 keys, 32 at a time, standard queue; ${where}`,
      messages: latencyMs === 0 ? 30_000 : 10_000,
      contenders: publishers,
      aims: publishAims,
    },
    {
      ...shared,
      name: `sqs-consume${suffix}`,
      title: `receive and delete 200 bytes, 32 at a time, handler that does nothing; ${where}`,
      messages: latencyMs === 0 ? 10_000 : 5_000,
      contenders: consumers(0),
      aims: consumeAims,
    },
    {
      ...shared,
      name: `sqs-consume-20ms-handler${suffix}`,
      title: `receive and delete 200 bytes, 32 at a time, handler of 20 ms; ${where}`,
      messages: 3_000,
      warmUp: 500,
      contenders: consumers(20),
      aims: [...consumeAims, threeTimesConsumer],
    },
  ];
}

export const benches: readonly Bench[] = [...overNetwork(0), ...overNetwork(10)];
