import type { Aim, Bench } from '../bench.ts';
import { cannedServer } from '../firehose/canned.ts';
import {
  handPublish,
  handPublishAll,
  intermodalPublish,
  sdkPublish,
} from '../firehose/contenders.ts';
import { publishing } from '../sqs/work.ts';

const fewRequests: Aim = {
  text: 'at most 3 requests for 1,000 records',
  reached(result) {
    const requests = result(intermodalPublish.name)?.requestsPer1000;
    if (requests === undefined) return undefined;
    return { figure: requests.toFixed(1), enough: requests <= 3 };
  },
};

const fractionOfSingles: Aim = {
  text: 'client CPU at most a tenth of that of plain PutRecord',
  reached: (result) => {
    const mine = result(intermodalPublish.name);
    const its = result(sdkPublish.name);
    if (mine === undefined || its === undefined) return undefined;
    const ratio = mine.cpuMsPer1000 / its.cpuMsPer1000;
    return { figure: `× ${ratio.toFixed(2)}`, enough: ratio <= 0.1 };
  },
};

function overNetwork(latencyMs: number): Bench {
  const where = latencyMs === 0 ? 'a server that answers at once' : `${latencyMs} ms round trip`;
  return {
    name: latencyMs === 0 ? 'firehose' : `firehose-${latencyMs}ms`,
    title: `200 bytes, 1,000 at a time; ${where}`,
    messages: 50_000,
    warmUp: 5_000,
    contenders: [handPublish, handPublishAll, intermodalPublish, sdkPublish].map(publishing),
    surround: () => cannedServer(latencyMs),
    aims: [fewRequests, fractionOfSingles],
  };
}

export const benches: readonly Bench[] = [overNetwork(0), overNetwork(10)];
