import { setTimeout } from 'node:timers/promises';
import { createClient } from '@intermodal/core';
import { askedToStop, report } from '../child-process.ts';
import { transportOf } from '../transport.ts';
import { group, videoJobs } from './video-jobs.ts';
import { openVideoStore } from './video-store.ts';
import type { WorkerReport } from './worker-report.ts';

const toStop = askedToStop();
const [url = '', file = ''] = process.argv.slice(2);
const steps = 20;

const store = openVideoStore(file);
const client = createClient({ transport: await transportOf(url) });

// The lease is shorter than a job and renewed while it runs: when a worker dies, its jobs are back in seconds, not hours.
const options = { group, concurrency: 3, leaseMs: 4_000, retry: { maxAttempts: 10 } };
const consumer = await client
  .require({ lease: true })
  .consume(videoJobs, options, async ({ id, body, redelivered, signal }) => {
    await tell({ type: 'taken', title: body.title, redelivered });
    if (store.find(id)?.state === 'done') return;
    for (let step = 0; step < steps; step += 1) {
      store.encoding(id, body.title, (100 * step) / steps);
      // Aborted when the lease is lost or the time to stop is over: then the job is somebody else's.
      await setTimeout((body.seconds * 1_000) / steps, undefined, { signal });
    }
    store.done(id);
  });

await toStop;
const stopped = await consumer.stop({ deadlineMs: 20_000 });
await tell({ type: 'stopped', ...stopped, leaseLost: consumer.stats().leaseLost });
await client.close();
store.close();
if (process.connected) process.disconnect();

function tell(message: WorkerReport): Promise<void> {
  return report(message);
}
