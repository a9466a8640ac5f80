import { createClient, openTransport } from '@intermodal/core';
import { snsFromUrl } from '@intermodal/sns';
import { askedToStop, report } from '../child-process.ts';
import { uploads } from './uploads.ts';

/** What a worker tells of each message: whether it is S3's test, or what happened to which objects. */
export interface WorkerReport {
  readonly test: boolean;
  readonly events: readonly { readonly name: string; readonly key: string }[];
}

const toStop = askedToStop();
const [url = '', group = ''] = process.argv.slice(2);
const client = createClient({ transport: await openTransport(url, { sns: snsFromUrl }) });

const consumer = await client.consume(uploads, { group }, async ({ body }) => {
  const events = body.type === 'test' ? [] : body.events.map(({ name, key }) => ({ name, key }));
  await report({ test: body.type === 'test', events } satisfies WorkerReport);
});

await toStop;
await consumer.stop({ deadlineMs: 10_000 });
await client.close();
if (process.connected) process.disconnect();
