import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { IntermodalError, type Publisher } from '@intermodal/core';
import { type VideoJob, videoJobs } from './video-jobs.ts';
import type { VideoStore } from './video-store.ts';

export interface WebTier {
  readonly url: string;
  close(): Promise<void>;
}

const retryAfterSeconds = 1;

/** Takes videos and hands them on; it never encodes, so its answers do not depend on how much there is to encode. */
export async function startWebTier(publisher: Publisher, store: VideoStore): Promise<WebTier> {
  async function post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const job = jobOf(await text(request));
    if (job === undefined) {
      answer(response, 400, { error: 'send { "title": text, "seconds": number }' });
      return;
    }
    // A client that asks again with its key asks for the same video, and gets no second one.
    const id = request.headers['idempotency-key']?.toString() ?? randomUUID();
    try {
      await publisher.publish(videoJobs, job, { id });
    } catch (error) {
      if (!isPassing(error)) throw error;
      response.setHeader('retry-after', retryAfterSeconds);
      answer(response, 503, {
        id,
        error: 'too busy: send it again with this id as Idempotency-Key',
      });
      return;
    }
    store.queued(id, job.title);
    response.setHeader('location', `/videos/${id}`);
    answer(response, 202, { id });
  }

  function get(id: string, response: ServerResponse): void {
    const video = store.find(decodeURIComponent(id));
    if (video === undefined) answer(response, 404, { error: 'there is no such video' });
    else answer(response, 200, video);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, collection, id] = request.url?.split('/') ?? [];
    if (request.method === 'POST' && collection === 'videos') await post(request, response);
    else if (request.method === 'GET' && collection === 'videos' && id) get(id, response);
    else answer(response, 404, { error: 'POST /videos, GET /videos/:id' });
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      process.stderr.write(`${IntermodalError.from(error).message}\n`);
      answer(response, 500, { error: 'this is our fault' });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The queue takes nothing now, or did not say whether it took this; the id makes it safe to send again. */
function isPassing(error: unknown): boolean {
  return IntermodalError.is(error) && (error.retryable || error.code === 'unknown-outcome');
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function jobOf(body: string): VideoJob | undefined {
  try {
    const { title, seconds } = JSON.parse(body) as Partial<Record<string, unknown>>;
    return typeof title === 'string' && typeof seconds === 'number'
      ? { title, seconds }
      : undefined;
  } catch {
    return undefined;
  }
}
