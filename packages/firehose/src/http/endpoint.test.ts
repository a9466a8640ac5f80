import { connect } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { channel, Rejection } from '@intermodal/core';
import { createVirtualClock } from '@intermodal/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  accessKey,
  base64,
  listening,
  overFetch,
  recordsOf,
  type Sending,
  sourceArn,
} from '../../test/scripted-firehose.ts';
import {
  createFirehoseEndpoint,
  type FirehoseDelivery,
  type FirehoseEndpoint,
  type FirehoseEndpointOptions,
  type RecordFailure,
  type RejectedRecord,
} from '../endpoint.ts';

interface Order {
  readonly n: number;
}

const orders = channel<Order>('orders');

interface Opened {
  readonly endpoint: FirehoseEndpoint;
  readonly send: Sending;
  /** The numbers of the orders, in the order in which they were handed out. */
  readonly seen: number[];
}

type Handle = (delivery: FirehoseDelivery<Order>) => Promise<void> | void;

function opened(
  handle: Handle = () => undefined,
  options: Partial<FirehoseEndpointOptions> = {},
): Opened {
  const seen: number[] = [];
  const endpoint = createFirehoseEndpoint(orders, { accessKey, ...options }, (delivery) => {
    seen.push(delivery.body.n);
    return handle(delivery);
  });
  return { endpoint, send: overFetch(endpoint), seen };
}

const wellFormed = /^\{"requestId":".*","timestamp":\d+(,"errorMessage":".*")?\}$/;

describe('a request that is as it should be', () => {
  test('is answered by node:http with its id, the time and a length, once its records are acked', async () => {
    const { endpoint, seen } = opened();
    await using server = await listening(endpoint);
    const answer = await server.send({ id: 'r-1', records: recordsOf({ n: 1 }, { n: 2 }) });
    const text = JSON.stringify(answer.reply);
    expect(answer).toMatchObject({
      status: 200,
      contentType: 'application/json',
      contentLength: `${text.length}`,
      reply: { requestId: 'r-1' },
    });
    expect(text).toMatch(wellFormed);
    expect(Object.keys(answer.reply)).toEqual(['requestId', 'timestamp']);
    expect(seen).toEqual([1, 2]);
  });

  test('says where each record is from', async () => {
    const natives: unknown[] = [];
    const headers: unknown[] = [];
    const { send } = opened((delivery) => {
      natives.push(delivery.native, delivery.id, delivery.attempt);
      headers.push(Object.fromEntries(delivery.headers));
    });
    const commonAttributes = { tenant: 'acme', imid: 'not one of ours' };
    await send({
      id: 'r-1',
      records: recordsOf({ n: 1 }),
      headers: { 'x-amz-firehose-common-attributes': JSON.stringify({ commonAttributes }) },
    });
    const timestamp = 1_578_090_901_599;
    const origin = { requestId: 'r-1', sourceArn, timestamp, index: 0, commonAttributes };
    expect(natives).toEqual([origin, 'r-1:0', 1]);
    expect(headers).toEqual([{ tenant: 'acme' }]);
  });

  test.each([
    ['gzip', { gzip: true, records: recordsOf({ n: 7 }) }, [7]],
    ['no records', { records: [] }, []],
    [
      'the id in the body alone',
      { headers: { 'x-amz-firehose-request-id': undefined }, records: recordsOf({ n: 3 }) },
      [3],
    ],
  ])('%s', async (_, sent, numbers) => {
    const { send, seen } = opened();
    expect((await send({ id: 'r-1', ...sent })).reply).toMatchObject({ requestId: 'r-1' });
    expect(seen).toEqual(numbers);
  });

  test('reads the envelope of our publisher, and bytes as they are', async () => {
    const event = JSON.stringify({
      specversion: '1.0',
      id: 'o-1',
      source: '/orders',
      type: 'orders',
      datacontenttype: 'application/json',
      data: { n: 5 },
    });
    const ids: string[] = [];
    const { send } = opened((delivery) => void ids.push(delivery.id));
    const records = [{ data: base64(`${event}\n`) }, { data: base64('{"n":6}') }];
    expect((await send({ id: 'r', records })).status).toBe(200);
    expect(ids).toEqual(['o-1', 'r:1']);
  });
});

describe('a request that is not', () => {
  test.each([
    ['a wrong key', { headers: { 'x-amz-firehose-access-key': 'another' } }, 401],
    [
      'a key that only begins as the right one',
      { headers: { 'x-amz-firehose-access-key': accessKey.slice(0, -1) } },
      401,
    ],
    ['no key', { headers: { 'x-amz-firehose-access-key': undefined } }, 401],
    ['another method', { method: 'GET' }, 405],
    ['another version', { headers: { 'x-amz-firehose-protocol-version': '2.0' } }, 400],
    ['another compression', { headers: { 'content-encoding': 'br' } }, 400],
    ['gzip that is none', { headers: { 'content-encoding': 'gzip' } }, 400],
    ['malformed JSON', { body: '{"records":[' }, 400],
    ['JSON that is no object', { body: '[]' }, 400],
    ['no list of records', { body: '{"requestId":"r-1","timestamp":1}' }, 400],
    ['another id in its body', { body: '{"requestId":"r-2","timestamp":1,"records":[]}' }, 400],
    ['no UTF-8', { body: Uint8Array.of(0x7b, 0xff, 0x7d) }, 400],
    ['attributes that are no JSON', { headers: { 'x-amz-firehose-common-attributes': '{' } }, 400],
    ['too many records', { records: Array.from({ length: 10_001 }, () => ({ data: '' })) }, 400],
  ])('%s is refused, in the form that Firehose reads', async (_, sent, status) => {
    const { send, seen } = opened();
    const answer = await send({ id: 'r-1', records: recordsOf({ n: 1 }), ...sent });
    expect(answer).toMatchObject({ status, contentType: 'application/json' });
    expect(JSON.stringify(answer.reply)).toMatch(wellFormed);
    expect(answer.reply).toMatchObject({
      requestId: 'r-1',
      errorMessage: expect.any(String) as string,
    });
    expect(JSON.stringify(answer.reply)).not.toContain(accessKey);
    expect(seen).toEqual([]);
  });

  test('is never answered with 413, however large, since Firehose would throw it away', async () => {
    const { endpoint, send } = opened(undefined, { maxBodyBytes: 1_000 });
    const large = { id: 'r-1', records: recordsOf({ n: 1, text: 'x'.repeat(1_000) }) };
    const answer = { status: 400, reply: { requestId: 'r-1' } };
    expect(await send(large)).toMatchObject(answer);
    await using server = await listening(endpoint);
    expect(await server.send(large)).toMatchObject(answer);
  });

  test('a small body that unpacks to a large one is refused before it is large', async () => {
    const { send, seen } = opened(undefined, { maxBodyBytes: 1_000_000 });
    const bomb = gzipSync(Buffer.alloc(100_000_000, ' '));
    expect(bomb.length).toBeLessThan(1_000_000);
    const headers = { 'content-encoding': 'gzip' };
    const answer = await send({ id: 'r-1', body: bomb, headers });
    expect(answer).toMatchObject({ status: 400, reply: { requestId: 'r-1' } });
    expect(answer.reply['errorMessage']).toMatch(/1000000 bytes unpacked/);
    expect(seen).toEqual([]);
  });

  test('a body without the right key is not read at all', async () => {
    const { endpoint } = opened();
    await using server = await listening(endpoint);
    const socket = connect(server.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 60000000\r\n\r\n{');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1.1 401 /);
  });

  test('a body that comes too slowly is given up, in the form that Firehose reads', async () => {
    const clock = createVirtualClock({ now: 1_000 });
    const { endpoint } = opened(undefined, { clock, bodyTimeoutMs: 5_000 });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('{'));
      },
    });
    const headers = { 'x-amz-firehose-access-key': accessKey, 'x-amz-firehose-request-id': 'r-1' };
    const init = { method: 'POST', headers, body, duplex: 'half' };
    const answering = endpoint.fetch(new Request('https://shop.example/', init as RequestInit));
    await clock.advance(5_000);
    const answer = await answering;
    expect(answer.status).toBe(408);
    expect(await answer.json()).toMatchObject({ requestId: 'r-1', timestamp: 6_000 });
  });
});

describe('records that are not acked', () => {
  test('fail their request, and only they are handed out when it repeats', async () => {
    let isBroken = true;
    const attempts: number[] = [];
    const { send, seen } = opened(({ body, attempt, redelivered }) => {
      attempts.push(attempt);
      expect(redelivered).toBe(attempt > 1);
      if (isBroken && body.n === 2) throw new Error('the database is away');
    });
    const sent = { id: 'r-1', records: recordsOf({ n: 1 }, { n: 2 }, { n: 3 }) };
    const first = await send(sent);
    expect(first).toMatchObject({ status: 500, reply: { requestId: 'r-1' } });
    expect(first.reply['errorMessage']).toMatch(/^1 of 3 records are not acked/);
    isBroken = false;
    expect((await send(sent)).status).toBe(200);
    expect(seen).toEqual([1, 2, 3, 2]);
    expect(attempts).toEqual([1, 1, 1, 2]);
    // Its answer got lost.
    expect((await send(sent)).status).toBe(200);
    expect(seen).toEqual([1, 2, 3, 2]);
  });

  test('are not taken for acked because another request has the same id', async () => {
    const { send, seen } = opened();
    await send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await send({ id: 'r-1', records: recordsOf({ n: 2 }) });
    const headers = { 'x-amz-firehose-source-arn': `${sourceArn}-2` };
    await send({ id: 'r-1', records: recordsOf({ n: 2 }), headers });
    expect(seen).toEqual([1, 2, 2]);
  });

  test('are handed out once while two copies of their request are there at once', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { send, seen } = opened(() => gate);
    const sent = { id: 'r-1', records: recordsOf({ n: 1 }) };
    const both = [send(sent), send(sent)];
    await expect.poll(() => seen).toEqual([1]);
    go();
    for (const answer of await Promise.all(both)) expect(answer.status).toBe(200);
    expect(seen).toEqual([1]);
  });

  test('are handled on when Firehose hangs up, and then are not handed out again', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { endpoint, seen } = opened(() => gate);
    await using server = await listening(endpoint);
    const body = JSON.stringify({ requestId: 'r-1', timestamp: 1, records: recordsOf({ n: 1 }) });
    const head = `POST / HTTP/1.1\r\nhost: a\r\nx-amz-firehose-access-key: ${accessKey}\r\nx-amz-firehose-source-arn: ${sourceArn}\r\nx-amz-firehose-request-id: r-1\r\n`;
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => seen).toEqual([1]);
    socket.destroy();
    go();
    expect((await server.send({ id: 'r-1', records: recordsOf({ n: 1 }) })).status).toBe(200);
    expect(seen).toEqual([1]);
  });

  test('that are rejected without a place for dead letters fail, and are not handed out again', async () => {
    const { send, seen } = opened(({ body }) => {
      if (body.n === 1) throw new Rejection('a negative total');
    });
    const sent = { id: 'r-1', records: recordsOf({ n: 1 }, { n: 2 }) };
    for (const _ of [1, 2]) {
      const answer = await send(sent);
      expect(answer.status).toBe(500);
      expect(answer.reply['errorMessage']).toMatch(/1 were rejected/);
    }
    expect(seen).toEqual([1, 2]);
  });

  test('that nobody can read, or that fail too often, become dead letters and count as acked', async () => {
    const rejected: RejectedRecord[] = [];
    const failures: RecordFailure[] = [];
    const { send, seen } = opened(
      ({ body }) => {
        if (body.n === 1) throw new Error('always');
      },
      {
        maxAttempts: 2,
        onFailure: (failure) => void failures.push(failure),
        deadLetter: (record) => {
          rejected.push(record);
          return Promise.resolve();
        },
      },
    );
    const records = [
      { data: 'not base64!' },
      'no record',
      { data: base64('{') },
      ...recordsOf({ n: 1 }),
    ];
    expect((await send({ id: 'r-1', records })).status).toBe(500);
    expect(
      rejected.map(({ native: { index }, data }) => [index, Buffer.from(data).toString()]),
    ).toEqual([
      [0, 'not base64!'],
      [1, ''],
      [2, '{'],
    ]);
    expect((await send({ id: 'r-1', records })).status).toBe(200);
    expect(rejected.map(({ id }) => id)).toEqual(['r-1:0', 'r-1:1', 'r-1:2', 'r-1:3']);
    expect(rejected[3]?.reason).toContain('always');
    expect(failures.map(({ id }) => id)).toEqual(['r-1:0', 'r-1:1', 'r-1:2', 'r-1:3', 'r-1:3']);
    expect(failures[3]?.error).toEqual(new Error('always'));
    expect(seen).toEqual([1, 1]);
  });

  test('whose dead letter takes too long come again', async () => {
    const clock = createVirtualClock({ now: 0 });
    const signals: AbortSignal[] = [];
    const { send } = opened(
      () => {
        throw new Rejection('never');
      },
      {
        clock,
        deadlineMs: 10_000,
        deadLetter: (_, signal) => {
          signals.push(signal);
          return new Promise<void>(() => undefined);
        },
      },
    );
    const answering = send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await expect.poll(() => signals.length).toBe(1);
    await clock.advance(10_000);
    expect((await answering).status).toBe(500);
    expect(signals[0]?.aborted).toBe(true);
  });

  test('whose dead letter could not be stored come again', async () => {
    let isAway = true;
    const { send, seen } = opened(
      () => {
        throw new Rejection('never');
      },
      { deadLetter: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()) },
    );
    const sent = { id: 'r-1', records: recordsOf({ n: 1 }) };
    expect((await send(sent)).status).toBe(500);
    isAway = false;
    expect((await send(sent)).status).toBe(200);
    expect(seen).toEqual([1, 1]);
  });

  test('fail alone, whatever the functions throw that are told of them', async () => {
    const thrown = (): never => {
      throw new Error('a mistake of the application');
    };
    const { send, seen } = opened(
      ({ body }) => {
        if (body.n !== 2) throw new Rejection('never');
      },
      { concurrency: 1, onFailure: thrown, deadLetter: thrown },
    );
    const sent = { id: 'r-1', records: recordsOf({ n: 1 }, { n: 2 }, { n: 3 }) };
    for (const _ of [1, 2]) {
      const answer = await send(sent);
      expect(answer.reply['errorMessage']).toMatch(/^2 of 3 records/);
    }
    expect(seen).toEqual([1, 2, 3, 1, 3]);
  });

  test('of a request that was forgotten come again, all of them', async () => {
    const { send, seen } = opened(undefined, { rememberedRequests: 2 });
    for (const n of [1, 2, 3, 1]) await send({ id: `r-${n}`, records: recordsOf({ n }) });
    expect(seen).toEqual([1, 2, 3, 1]);
  });
});

describe('more than there is room for', () => {
  test('of records waits its turn, over all requests', async () => {
    let running = 0;
    let most = 0;
    const { send, seen } = opened(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      },
      { concurrency: 3 },
    );
    const numbers = Array.from({ length: 200 }, (_, n) => ({ n }));
    const answers = await Promise.all(
      ['a', 'b'].map((id) => send({ id, records: recordsOf(...numbers) })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(seen).toHaveLength(400);
    expect(most).toBe(3);
  });

  test('of requests is answered 503 without being read', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { send, seen } = opened(() => gate, { maxRequests: 1 });
    const first = send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await expect.poll(() => seen).toEqual([1]);
    const second = { id: 'r-2', records: recordsOf({ n: 2 }) };
    expect(await send(second)).toMatchObject({ status: 503, reply: { requestId: 'r-2' } });
    go();
    expect((await first).status).toBe(200);
    expect((await send(second)).status).toBe(200);
  });

  test('of time: what is not handled at the deadline fails, and handlers are told', async () => {
    const clock = createVirtualClock({ now: 0 });
    const aborted: number[] = [];
    const { send, seen } = opened(
      ({ body, signal }) =>
        body.n === 1
          ? undefined
          : new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => {
                aborted.push(body.n);
                resolve();
              });
            }),
      { clock, deadlineMs: 10_000, concurrency: 1 },
    );
    const answering = send({ id: 'r-1', records: recordsOf({ n: 1 }, { n: 2 }, { n: 3 }) });
    await expect.poll(() => seen).toEqual([1, 2]);
    await clock.advance(10_000);
    const answer = await answering;
    expect(answer.status).toBe(500);
    expect(answer.reply['errorMessage']).toMatch(/^2 of 3 records/);
    expect(aborted).toEqual([2]);
  });

  test('a handler that never returns takes no room from others once its time is over', async () => {
    const clock = createVirtualClock({ now: 0 });
    const { send, seen } = opened(
      ({ body: { n } }) => (n === 1 ? new Promise<void>(() => undefined) : undefined),
      { clock, deadlineMs: 10_000, concurrency: 1 },
    );
    const stuck = send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await expect.poll(() => seen).toEqual([1]);
    await clock.advance(10_000);
    expect((await stuck).status).toBe(500);
    expect((await send({ id: 'r-2', records: recordsOf({ n: 2 }) })).status).toBe(200);
    // Of these there are as many as may run, and then there is no room.
    const again = send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await expect.poll(() => seen).toEqual([1, 2, 1]);
    await clock.advance(10_000);
    expect((await again).status).toBe(500);
    const third = await send({ id: 'r-3', records: recordsOf({ n: 3 }) });
    expect(third.status).toBe(503);
    expect(third.reply['errorMessage']).toMatch(/for 1 there was no room/);
  });

  test('while it closes is refused, and what runs is waited for', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { endpoint, send, seen } = opened(() => gate);
    const running = send({ id: 'r-1', records: recordsOf({ n: 1 }) });
    await expect.poll(() => seen).toEqual([1]);
    const closing = endpoint.close();
    expect((await send({ id: 'r-2', records: [] })).status).toBe(503);
    go();
    expect(await closing).toEqual({ completed: 1, released: 0, abandoned: 0 });
    expect((await running).status).toBe(200);
  });
});

test('any of several keys is right, while one takes the place of another', async () => {
  const { send } = opened(undefined, { accessKey: ['old', 'new'] });
  for (const [key, status] of [
    ['old', 200],
    ['new', 200],
    ['older', 401],
  ] as const) {
    const headers = { 'x-amz-firehose-access-key': key };
    expect((await send({ headers })).status).toBe(status);
  }
});

test.each([
  { accessKey: '' },
  { accessKey: [] },
  { accessKey: ['right', ''] },
  { accessKey: 'x'.repeat(4_097) },
  { maxAttempts: 3 },
  { concurrency: 0 },
  { deadlineMs: 200_000 },
  { maxBodyBytes: 1.5 },
])('refuses the options %o', (options) => {
  expect(() => opened(undefined, options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});
