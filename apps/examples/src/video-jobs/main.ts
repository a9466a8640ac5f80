import { once } from 'node:events';
import { join } from 'node:path';
import { createClient } from '@intermodal/core';
import { type Child, startChild } from '../child-process.ts';
import { type Ending, runExample, type Stage } from '../run-example.ts';
import { transportOf } from '../transport.ts';
import { startAutoscaler } from './autoscaler.ts';
import { sendVideos, type Sent } from './customers.ts';
import { group, videoJobs } from './video-jobs.ts';
import { openVideoStore } from './video-store.ts';
import { startWebTier } from './web-tier.ts';
import type { WorkerReport } from './worker-report.ts';

await runExample(
  async ({ url, folder, once: isOnce, interrupted, note }: Stage): Promise<Ending> => {
    const file = join(folder, 'videos.sqlite');
    const store = openVideoStore(file);
    // Few may wait, and not for long: whoever is over it is told to come again.
    const client = createClient({
      transport: await transportOf(url),
      maxPendingMessages: 1_000,
      publishTimeoutMs: 5_000,
    });
    await client.provision([videoJobs], { groups: [group], maxAttempts: 10 });
    const web = await startWebTier(client, store);
    note(`POST ${web.url}/videos {"title": "…", "seconds": 6}, GET ${web.url}/videos/:id`);

    const counts = { redelivered: 0, finishedInStop: 0, released: 0, abandoned: 0, leaseLost: 0 };
    function onReport(worker: number | undefined, report: WorkerReport): void {
      if (report.type === 'taken') {
        note(`worker ${worker} encodes ${report.title}`);
        if (report.redelivered) counts.redelivered += 1;
        return;
      }
      counts.finishedInStop += report.completed;
      counts.released += report.released;
      counts.abandoned += report.abandoned;
      counts.leaseLost += report.leaseLost;
    }

    function startWorker(): Child {
      const worker = startChild(new URL('worker.ts', import.meta.url), [url, file], (report) => {
        onReport(worker.pid, report as WorkerReport);
      });
      return worker;
    }

    const autoscaler = startAutoscaler({
      backlog: () => client.backlog(videoJobs, { group }),
      start: startWorker,
      jobsPerWorker: 4,
      most: 4,
      everyMs: 500,
      note,
    });

    const startedAt = performance.now();
    let sent: Sent = { ids: [], refused: 0 };
    try {
      if (isOnce) sent = await sendVideos(web.url, interrupted);
      else await once(interrupted, 'abort');
    } finally {
      await autoscaler.stop();
      await web.close();
      await client.close();
    }
    const seconds = Math.round(performance.now() - startedAt) / 1_000;

    const videos = sent.ids.map((id) => store.find(id));
    store.close();
    const done = videos.filter((video) => video?.state === 'done').length;
    const doneAgain = videos.reduce(
      (sum, video) => sum + Math.max(0, (video?.encodings ?? 0) - 1),
      0,
    );
    const lost = videos.length - done;
    const { started, peak, retired, died } = autoscaler.counts;
    const mayRepeat = client.capabilities.duplicates === 'possible' || died > 0;
    return {
      ok: isOnce ? lost === 0 && (doneAgain === 0 || mayRepeat) : true,
      figures: {
        example: 'video-jobs',
        transport: client.transport,
        videos: videos.length,
        refused: sent.refused,
        done,
        lost,
        doneAgain,
        ...counts,
        workersAtMost: peak,
        workersStarted: started,
        workersRetired: retired,
        workersDied: died,
        seconds,
      },
    };
  },
);
