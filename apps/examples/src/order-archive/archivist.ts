import { createClient } from '@intermodal/core';
import { firehoseTransport } from '@intermodal/firehose';
import { awsClientOptions } from '@intermodal/brokers';
import { askedToStop, report } from '../child-process.ts';
import { transportOf } from '../transport.ts';
import { archive, group, maxAttempts, orders } from './orders.ts';

/** What an archivist tells those who started it. */
export interface ArchivistReport {
  readonly id: string;
}

const toStop = askedToStop();
const [url = '', endpoint = '', dieAfter = 'Infinity'] = process.argv.slice(2);
const client = createClient({ transport: await transportOf(url) });
const firehose = createClient({
  transport: firehoseTransport(awsClientOptions('moto', {}, endpoint)),
});
let archived = 0;

const consumer = await client
  .require({ lease: true })
  .consume(
    orders,
    { group, concurrency: 50, leaseMs: 4_000, retry: { maxAttempts, delayMs: () => 200 } },
    async ({ id, body }) => {
      // Firehose has it before the queue forgets it. The same id: who reads the archive knows a repeat.
      await firehose.publish(archive, body, { id });
      await report({ id } satisfies ArchivistReport);
      archived += 1;
      // For the demonstration a crash at the worst moment: it is archived, and the queue does not know yet.
      if (archived === Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
    },
  );

await toStop;
await consumer.stop({ deadlineMs: 10_000 });
await client.close();
await firehose.close();
if (process.connected) process.disconnect();
