import { randomUUID } from 'node:crypto';
import { createClient } from '@intermodal/core';
import { snsTransport } from '@intermodal/sns';
import { type Child, startChild } from '../child-process.ts';
import { type Ending, runExample, type Stage } from '../run-example.ts';
import { createBucket } from './bucket.ts';
import { connectionOf } from './connection.ts';
import { topicArnOf } from './topic-arn.ts';
import { filters, type Group, groups, uploads } from './uploads.ts';
import type { WorkerReport } from './worker.ts';

const pictures = 40;
const tables = 20;
const removed = 10;
const patienceMs = 60_000;

await runExample(
  async ({ url, interrupted, note }: Stage): Promise<Ending> => {
    const connection = connectionOf(url);
    const name = `uploads-of-the-shop-${randomUUID().slice(0, 8)}`;
    const transport = snsTransport({
      ...connection,
      filters,
      provisioning: { access: { buckets: [`arn:aws:s3:::${name}`] } },
    });
    const client = createClient({ transport });
    await client.provision([uploads], { groups });
    const bucket = await createBucket(connection, name, await topicArnOf(connection, 'uploads'));
    note(`bucket ${name} tells the topic 'uploads', which fans out to ${groups.join(', ')}`);

    /** By group, what happened to which object: told more than once it counts once. */
    const told = new Map<Group, Set<string>>(groups.map((group) => [group, new Set<string>()]));
    const tested = new Set<Group>();
    let onReport = (): void => undefined;
    const workers: Child[] = groups.map((group) =>
      startChild(new URL('worker.ts', import.meta.url), [url, group], (message) => {
        const { test, events } = message as WorkerReport;
        if (test) tested.add(group);
        for (const { name: event, key } of events) told.get(group)?.add(`${event} ${key}`);
        onReport();
      }),
    );

    const startedAt = performance.now();
    // Names as customers give them: in events they are written as in forms.
    const keys = [
      ...Array.from({ length: pictures }, (_, n) => `photos/summer + winter ${n}.jpg`),
      ...Array.from({ length: tables }, (_, n) => `tables/größe ${n}.csv`),
    ];
    for (const key of keys) await bucket.put(key, key);
    for (const key of keys.slice(0, removed)) await bucket.remove(key);

    const put = keys.map((key) => `ObjectCreated:Put ${key}`);
    const gone = keys.slice(0, removed).map((key) => `ObjectRemoved:Delete ${key}`);
    const expected: Readonly<Record<Group, readonly string[]>> = {
      thumbnails: put.slice(0, pictures),
      search: [...put, ...gone],
      audit: [...put, ...gone],
    };
    const missing = (group: Group): number =>
      expected[group].filter((each) => told.get(group)?.has(each) !== true).length;
    // S3 tells every group that has no filter, once, that it is going to tell.
    const unfiltered = groups.filter((group) => filters['uploads']?.[group] === undefined);
    const isAll = (): boolean =>
      unfiltered.every((group) => tested.has(group)) &&
      groups.every((group) => missing(group) === 0);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, patienceMs);
      onReport = () => {
        if (isAll()) end();
      };
      interrupted.addEventListener('abort', end, { once: true });
      onReport();
    });
    const seconds = Math.round(performance.now() - startedAt) / 1_000;
    await Promise.all(workers.map((worker) => worker.stop()));
    bucket.close();
    await client.close();

    const lost = groups.reduce((sum, group) => sum + missing(group), 0);
    const unwanted = [...(told.get('thumbnails') ?? [])].filter(
      (each) => !expected.thumbnails.includes(each),
    ).length;
    const seen = Object.fromEntries(groups.map((group) => [group, told.get(group)?.size ?? 0]));
    return {
      ok: lost === 0 && unwanted === 0,
      figures: {
        example: 'upload-fanout',
        transport: client.transport,
        objects: keys.length,
        removed,
        ...seen,
        lost,
        unwanted,
        testEvents: tested.size,
        seconds,
      },
    };
  },
  { broker: 'moto', scheme: 'sns' },
);
