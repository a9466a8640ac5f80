import { cpuBeside, requestsAtMost } from '../aims.ts';
import type { Bench } from '../bench.ts';
import { cannedServer } from '../firehose/canned.ts';
import {
  handPublish,
  handPublishAll,
  intermodalPublish,
  sdkPublish,
} from '../firehose/contenders.ts';
import { publishing } from '../sqs/work.ts';

const aims = [
  requestsAtMost(3, intermodalPublish.name),
  cpuBeside(sdkPublish.name, 0.1, intermodalPublish.name),
];

function overNetwork(latencyMs: number): Bench {
  const where = latencyMs === 0 ? 'a server that answers at once' : `${latencyMs} ms round trip`;
  return {
    name: latencyMs === 0 ? 'firehose' : `firehose-${latencyMs}ms`,
    title: `200 bytes, 1,000 at a time; ${where}`,
    messages: 50_000,
    warmUp: 5_000,
    contenders: [handPublish, handPublishAll, intermodalPublish, sdkPublish].map(publishing),
    surround: () => cannedServer(latencyMs),
    aims,
  };
}

export const benches: readonly Bench[] = [overNetwork(0), overNetwork(10)];
