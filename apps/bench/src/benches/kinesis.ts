import type { Aim, Bench, Result } from '../bench.ts';
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

function cpuBeside(mine: string, its: string, most: number, text: string): Aim {
  return {
    text,
    reached: (result) =>
      both(result(mine), result(its), (one, other) => {
        const ratio = one.cpuMsPer1000 / other.cpuMsPer1000;
        return { figure: `× ${ratio.toFixed(2)}`, enough: ratio <= most };
      }),
  };
}

const recordsPerRequest: Aim = {
  text: 'at least 20 times the records in a request of plain PutRecords',
  reached: (result) =>
    both(result(intermodalAggregated.name), result(handPublish.name), (one, other) => {
      const ratio = (other.requestsPer1000 ?? 0) / (one.requestsPer1000 ?? 1);
      return { figure: `× ${ratio.toFixed(0)}`, enough: ratio >= 20 };
    }),
};

function both<T>(
  one: Result | undefined,
  other: Result | undefined,
  compare: (one: Result, other: Result) => T,
): T | undefined {
  return one === undefined || other === undefined ? undefined : compare(one, other);
}

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
    aims: [
      recordsPerRequest,
      cpuBeside(
        intermodalAggregated.name,
        aggPublish.name,
        1,
        'less client CPU than aws-kinesis-agg and PutRecords',
      ),
    ],
  },
  {
    name: 'kinesis-consume',
    title: '100 bytes, 4 shards, a read in 200 ms of each, handler that does nothing',
    messages: 200_000,
    warmUp: 40_000,
    prepare: preparePeers,
    surround: () => cannedServer(records()),
    contenders: [handConsume, intermodalConsume, lifionConsume].map((one) => consuming(one, 1)),
    aims: [
      cpuBeside(
        intermodalConsume.name,
        handConsume.name,
        1.1,
        'client CPU at most 1.1 times that of the loop by hand',
      ),
    ],
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
