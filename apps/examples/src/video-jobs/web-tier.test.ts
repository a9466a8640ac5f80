import { createClient } from '@intermodal/core';
import { createMemoryBroker, type MemoryBroker, memoryTransport } from '@intermodal/memory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { group, videoJobs } from './video-jobs.ts';
import { openVideoStore, type VideoStore } from './video-store.ts';
import { startWebTier, type WebTier } from './web-tier.ts';

let broker: MemoryBroker;
let store: VideoStore;
let web: WebTier;
let close: () => Promise<void>;
let jobs: () => Promise<number>;

beforeEach(async () => {
  broker = createMemoryBroker();
  store = openVideoStore(':memory:');
  const client = createClient({
    transport: memoryTransport({ broker }),
    publishTimeoutMs: 50,
  });
  await client.provision([videoJobs], { groups: [group] });
  web = await startWebTier(client, store);
  jobs = async () => (await client.backlog(videoJobs, { group })).ready;
  close = async () => {
    await web.close();
    await client.close();
    store.close();
  };
});

afterEach(() => close());

function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${web.url}/videos`, { method: 'POST', body, headers });
}

const video = JSON.stringify({ title: 'a', seconds: 1 });

test('a video is taken once its job is confirmed, and can be followed from then on', async () => {
  const response = await post(video);
  const { id } = (await response.json()) as { readonly id: string };
  expect(response.status).toBe(202);
  expect(response.headers.get('location')).toBe(`/videos/${id}`);
  expect(await jobs()).toBe(1);

  store.encoding(id, 'a', 35);
  const found = await fetch(`${web.url}/videos/${id}`);
  expect(await found.json()).toMatchObject({ id, state: 'encoding', progress: 35 });
});

test('no job is confirmed: 503 with the time to come again, and nothing that says it was taken', async () => {
  const release = broker.faults.hold('sends');
  const refused = await post(video, { 'idempotency-key': 'v-1' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await fetch(`${web.url}/videos/v-1`)).status).toBe(404);

  release();
  expect((await post(video, { 'idempotency-key': 'v-1' })).status).toBe(202);
  expect(await (await fetch(`${web.url}/videos/v-1`)).json()).toMatchObject({ state: 'queued' });
});

test('it may have been taken, and nobody knows: 503 too, and the same id again', async () => {
  const release = broker.faults.hold('confirms');
  expect((await post(video, { 'idempotency-key': 'v-2' })).status).toBe(503);
  release();
  expect((await post(video, { 'idempotency-key': 'v-2' })).status).toBe(202);
  store.done('v-2');
  store.queued('v-2', 'a');
  store.encoding('v-2', 'a', 10);
  expect(store.find('v-2')).toMatchObject({ state: 'done', progress: 100, encodings: 1 });
});

test.each(['', '{', 'null', '{"title":"a"}', '{"title":1,"seconds":1}'])(
  '%j is no video',
  async (body) => {
    expect((await post(body)).status).toBe(400);
    expect(await jobs()).toBe(0);
  },
);

test('what is not there is 404', async () => {
  expect((await fetch(`${web.url}/videos/none`)).status).toBe(404);
  expect((await fetch(`${web.url}/else`)).status).toBe(404);
});
