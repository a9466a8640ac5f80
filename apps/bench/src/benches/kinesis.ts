import { compare, cpuBeside } from '../aims.ts';
import type { Aim, Bench } from '../bench.ts';
import {
  aggConsume,
  aggPublish,
  aggPublishEach,
  handConsume,
  handPublish,
} from '../kinesis/by-hand.ts';
import { cannedServer } from '../kinesis/canned.ts';
import {
  intermodalAggregated,
  intermodalConsume,
  intermodalEnveloped,
  intermodalPlain,
} from '../kinesis/intermodal.ts';
import { lifionConsume } from '../kinesis/lifion.ts';
import { preparePeers } from '../kinesis/peers.ts';
import { aggregates, inAggregate, records } from '../kinesis/records.ts';
import { consuming, publishing } from '../kinesis/work.ts';

const recordsPerRequest: Aim = {
  text: 'at least 20 times the records in a request of plain PutRecords',
  reached: compare(intermodalAggregated.name, handPublish.name, (one, other) => {
    const ratio = (other.requestsPer1000 ?? 0) / (one.requestsPer1000 ?? 1);
    return { figure: `× ${ratio.toFixed(0)}`, enough: ratio >= 20 };
  }),
};

export const benches: readonly Bench[] = [
  {
    name: 'kinesis-publish',
    title: '100 bytes, 5,000 keys, 4 shards; a server that answers at once',
    messages: 200_000,
    warmUp: 40_000,
    prepare: preparePeers,
    surround: () => cannedServer([]),
    contenders: [
      handPublish,
      intermodalAggregated,
      intermodalEnveloped,
      intermodalPlain,
      aggPublish,
      aggPublishEach,
    ].map(publishing),
    aims: [recordsPerRequest, cpuBeside(aggPublish.name, 1, intermodalAggregated.name)],
  },
  {
    name: 'kinesis-consume',
    title: '100 bytes, 4 shards, a read in 200 ms of each, handler that does nothing',
    messages: 200_000,
    warmUp: 40_000,
    prepare: preparePeers,
    surround: () => cannedServer(records()),
    contenders: [handConsume, intermodalConsume, lifionConsume].map((one) => consuming(one, 1)),
    aims: [cpuBeside(handConsume.name, 1.1, intermodalConsume.name)],
  },
  {
    name: 'kinesis-consume-aggregated',
    title: `the same, ${inAggregate} messages in each record`,
    messages: 200_000,
    warmUp: 40_000,
    prepare: preparePeers,
    surround: () => cannedServer(aggregates()),
    contenders: [aggConsume, intermodalConsume].map((one) => consuming(one, inAggregate)),
  },
];
