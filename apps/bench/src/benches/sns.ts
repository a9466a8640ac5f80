import { cpuBeside, requestsAtMost } from '../aims.ts';
import type { Bench } from '../bench.ts';
import { handPublish, handPublishAll, sdkPublish } from '../sns/by-hand.ts';
import { intermodalPublish } from '../sns/intermodal.ts';
import { preparePeers } from '../sns/peers.ts';
import { toolkitPublish } from '../sns/toolkit.ts';
import { cannedServer } from '../sqs/canned.ts';
import { publishing } from '../sqs/work.ts';

function overNetwork(latencyMs: number): Bench {
  const suffix = latencyMs === 0 ? '' : `-${latencyMs}ms`;
  const where = latencyMs === 0 ? 'a server that answers at once' : `${latencyMs} ms round trip`;
  return {
    name: `sns-publish${suffix}`,
    title: `200 bytes, 16 keys, 32 at a time, standard topic; ${where}`,
    messages: latencyMs === 0 ? 30_000 : 10_000,
    // A second goes by until the compiler has done its work.
    warmUp: latencyMs === 0 ? 5_000 : 1_000,
    prepare: preparePeers,
    surround: () => cannedServer(latencyMs),
    contenders: [handPublish, handPublishAll, intermodalPublish, sdkPublish, toolkitPublish].map(
      publishing,
    ),
    aims: [
      cpuBeside(handPublish.name, 1.05, intermodalPublish.name),
      requestsAtMost(105, intermodalPublish.name),
    ],
  };
}

export const benches: readonly Bench[] = [overNetwork(0), overNetwork(10)];
