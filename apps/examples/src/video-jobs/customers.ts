import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { VideoJob } from './video-jobs.ts';
import type { Video } from './video-store.ts';

export interface Sent {
  readonly ids: readonly string[];
  /** Times that the web tier said: come again. */
  readonly refused: number;
}

const patienceMs = 60_000;

/** A few customers, then a crowd. Resolves when every video is done, or when nothing happened for too long. */
export async function sendVideos(url: string, signal: AbortSignal): Promise<Sent> {
  let refused = 0;

  async function post(job: VideoJob): Promise<string> {
    const headers = { 'idempotency-key': randomUUID() };
    for (;;) {
      const request = { method: 'POST', headers, body: JSON.stringify(job), signal };
      const response = await fetch(`${url}/videos`, request);
      const { id } = (await response.json()) as { readonly id: string };
      if (response.status === 202) return id;
      if (response.status !== 503) throw new Error(`POST /videos answered ${response.status}`);
      refused += 1;
      await setTimeout(1_000 * Number(response.headers.get('retry-after')), undefined, { signal });
    }
  }

  async function wave(from: number, count: number): Promise<readonly string[]> {
    const jobs = Array.from({ length: count }, (_, index) => ({
      title: `video ${from + index}`,
      seconds: 5 + (index % 3),
    }));
    return Promise.all(jobs.map(post));
  }

  const few = await wave(0, 4);
  await setTimeout(2_000, undefined, { signal });
  const ids = [...few, ...(await wave(few.length, 20))];
  await untilDone(url, ids, signal);
  return { ids, refused };
}

async function untilDone(url: string, ids: readonly string[], signal: AbortSignal): Promise<void> {
  let before = '';
  let since = performance.now();
  while (performance.now() - since < patienceMs) {
    const videos = await Promise.all(
      ids.map(
        async (id) => (await fetch(`${url}/videos/${id}`, { signal })).json() as Promise<Video>,
      ),
    );
    if (videos.every(({ state }) => state === 'done')) return;
    const now = videos.map(({ progress }) => progress).join();
    if (now !== before) since = performance.now();
    before = now;
    await setTimeout(250, undefined, { signal });
  }
}
