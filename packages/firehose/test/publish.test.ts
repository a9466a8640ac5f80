import { failEntries, failCall, loseReply, startTcpProxy } from '@intermodal/brokers/faults';
import { bytes, type Channel, channel, createClient, text } from '@intermodal/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { firehoseTransport } from '../src/index.ts';
import { emulated } from './emulated.ts';
import { endpoint, newName, type Setting, setting } from './opened.ts';

interface Order {
  readonly n: number;
}

interface Provisioned extends Setting {
  readonly orders: Channel<Order>;
}

async function provisioned(options: Parameters<typeof setting>[0] = {}): Promise<Provisioned> {
  const opened = await setting(options);
  const orders = channel<Order>(newName());
  await opened.client.provision([orders]);
  return { ...opened, orders };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

describe('what is published is in S3, byte for byte', () => {
  test('with id, key and headers, one line for each', async () => {
    const { client, orders, stored } = await provisioned();
    const headers = { tenant: 'acme', umlaut: 'ä\n"' };
    const { id } = await client.publish(orders, { n: 1 }, { key: 'customer-7', headers });
    expect(await stored(orders.name)).toEqual([
      { id, key: 'customer-7', headers, body: Buffer.from('{"n":1}') },
    ]);
  });

  test('whatever the bytes are, up to the size limit and no further', async () => {
    const { client, stored } = await setting();
    const raw = channel(newName(), { codec: bytes });
    await client.provision([raw]);
    const bodies = [
      Uint8Array.from(upTo(256)),
      new Uint8Array(0),
      Uint8Array.of(0xff, 0xfe, 0x0a, 0x0d),
      new Uint8Array(760_000).fill(10),
    ];
    for (const [n, body] of bodies.entries()) await client.publish(raw, body, { id: `m-${n}` });
    const found = await stored(raw.name);
    expect(found.map(({ id }) => id)).toEqual(['m-0', 'm-1', 'm-2', 'm-3']);
    for (const [n, { body }] of found.entries())
      expect(body.equals(bodies[n] ?? new Uint8Array())).toBe(true);
    await expect(client.publish(raw, new Uint8Array(1_000_000))).rejects.toMatchObject({
      code: 'too-large',
    });
    expect(await stored(raw.name)).toHaveLength(4);
  });

  test('without an envelope and with a delimiter of one’s own: the body and nothing else', async () => {
    const { client, bucket } = await setting({ envelope: 'none', delimiter: '|' });
    const lines = channel(newName(), { codec: text });
    await client.provision([lines]);
    await client.publish(lines, 'a');
    await client.publish(lines, 'x'.repeat(1_023_999));
    await client.publish(lines, 'ä', { key: 'k' });
    const found = (await bucket.read(`${lines.name}/`)).toString().split('|');
    expect(found.map((line) => line.length).toSorted((a, b) => a - b)).toEqual([
      0, 1, 1, 1_023_999,
    ]);
    await expect(client.publish(lines, 'x'.repeat(1_024_000))).rejects.toMatchObject({
      code: 'too-large',
    });
    const headers = { tenant: 'acme' };
    await expect(client.publish(lines, 'b', { headers })).rejects.toMatchObject({
      code: 'invalid-message',
    });
  });
});

describe('requests', () => {
  test('hold up to 500 records', async () => {
    const { client, orders, proxy, stored } = await provisioned();
    await client.publish(orders, { n: -1 });
    const outcomes = await client.publishMany(
      orders,
      upTo(1_200).map((n) => ({ body: { n } })),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    const { requests, entries } = proxy.count('PutRecordBatch');
    expect(entries).toBe(1_201);
    expect(requests).toBeLessThan(10);
    expect(await stored(orders.name)).toHaveLength(1_201);
  });

  test('hold up to 4 MiB', async () => {
    const { client, proxy, stored } = await setting();
    const large = channel(newName(), { codec: text });
    await client.provision([large]);
    await client.publish(large, 'first');
    await client.publishMany(
      large,
      upTo(12).map(() => ({ body: 'x'.repeat(1_000_000) })),
    );
    const sizes = proxy.calls
      .filter(({ operation }) => operation === 'PutRecordBatch')
      .map(({ input }) => {
        const records = input['Records'] as readonly { readonly Data: string }[];
        return records.reduce((sum, { Data }) => sum + Buffer.from(Data, 'base64').length, 0);
      });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4_194_304);
    expect(sizes.length).toBeLessThanOrEqual(13);
    expect(await stored(large.name)).toHaveLength(13);
  });
});

describe('faults', () => {
  test('of a request that partly failed only those records are sent again, with all they had', async () => {
    const { client, orders, proxy, stored } = await provisioned();
    proxy.inject(
      failEntries({ operation: 'PutRecordBatch', times: 2 }, (_, index) => index % 2 === 0, {
        code: 'ServiceUnavailableException',
      }),
    );
    const messages = upTo(40).map((n) => ({
      body: { n },
      id: `m-${n}`,
      key: `key-${n}`,
      headers: { n: `${n}` },
    }));
    const outcomes = await client.publishMany(orders, messages);
    expect(outcomes.map((outcome) => outcome.ok && outcome.id)).toEqual(
      messages.map(({ id }) => id),
    );
    const found = await stored(orders.name);
    expect(found.map(({ id }) => id)).toEqual(messages.map(({ id }) => id).toSorted());
    for (const { id, key, headers, body } of found) {
      const n = id.slice(2);
      expect({ key, headers, body: body.toString() }).toEqual({
        key: `key-${n}`,
        headers: { n },
        body: `{"n":${n}}`,
      });
    }
  });

  test('a record that is refused for good rejects alone', async () => {
    const { client, orders, proxy, stored } = await provisioned();
    await client.publish(orders, { n: -1 });
    proxy.inject(
      failEntries({ operation: 'PutRecordBatch' }, (_, index) => index === 1, {
        code: 'InvalidKMSResourceException',
      }),
    );
    const outcomes = await client.publishMany(
      orders,
      upTo(4).map((n) => ({ body: { n } })),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.code]));
    expect(failures).toEqual(['rejected']);
    expect(await stored(orders.name)).toHaveLength(4);
  });

  test('throttled publishes back off, and all arrive when it is over', async () => {
    const { client, orders, proxy, stored } = await provisioned();
    await client.publish(orders, { n: -1 });
    const busy = { name: 'ServiceUnavailableException', status: 503 };
    proxy.inject(failCall({ operation: 'PutRecordBatch', times: 4 }, busy));
    const times: number[] = [];
    proxy.inject(({ operation }) => {
      if (operation === 'PutRecordBatch') times.push(performance.now());
      return undefined;
    });
    await client.publish(orders, { n: 1 });
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses).toHaveLength(4);
    // With full jitter no pause has a least length, but all of them together have been more than none.
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(10);
    expect(await stored(orders.name)).toHaveLength(2);
  });

  test('a record whose confirm got lost is sent again with the same id', async () => {
    const { client, orders, proxy, stored } = await provisioned();
    await client.publish(orders, { n: -1 }, { id: 'first' });
    proxy.inject(loseReply({ operation: 'PutRecordBatch' }));
    const { id } = await client.publish(orders, { n: 1 }, { id: 'lost', key: 'k' });
    expect(id).toBe('lost');
    const found = await stored(orders.name);
    expect(found.map((one) => one.id)).toEqual(['first', 'lost', 'lost']);
    expect(found[2]).toEqual(found[1]);
  });

  test('an answer that says nothing of a record is no success', async () => {
    const { client, orders, proxy } = await provisioned();
    await client.publish(orders, { n: -1 });
    proxy.inject(({ operation }) =>
      operation === 'PutRecordBatch'
        ? { kind: 'edit', edit: () => ({ FailedPutCount: 0, RequestResponses: [] }) }
        : undefined,
    );
    await expect(client.publish(orders, { n: 1 }, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'unknown-outcome',
    });
  });

  test('connections that are cut lose nothing that was confirmed', async () => {
    const { orders, proxy, stored } = await provisioned();
    const tcp = await startTcpProxy({ port: Number(new URL(proxy.endpoint).port) });
    const client = createClient({
      transport: firehoseTransport(emulated(`http://127.0.0.1:${tcp.port}`)),
    });
    onTestFinished(async () => {
      await client.close();
      await tcp.stop();
    });
    await client.publish(orders, { n: -1 });
    const confirmed: string[] = [];
    const publishing = upTo(60).map(async (n) => {
      await new Promise((resolve) => void setTimeout(resolve, n * 3));
      confirmed.push((await client.publish(orders, { n })).id);
    });
    for (const _ of upTo(3)) {
      await new Promise((resolve) => void setTimeout(resolve, 40));
      tcp.cut();
    }
    await Promise.all(publishing);
    const ids = new Set((await stored(orders.name)).map(({ id }) => id));
    expect(confirmed.filter((id) => !ids.has(id))).toEqual([]);
  });

  test('close while publishing: every publish settles, and what resolved is in the bucket', async () => {
    const { client, orders, stored } = await provisioned();
    await client.publish(orders, { n: -1 });
    const publishing = upTo(200).map((n) => client.publish(orders, { n }));
    const settled = Promise.allSettled(publishing);
    await client.close();
    const resolved = (await settled).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.id] : [],
    );
    const ids = new Set((await stored(orders.name)).map(({ id }) => id));
    expect(resolved.filter((id) => !ids.has(id))).toEqual([]);
  });

  test('a delivery stream that is deleted meanwhile is not-found', async () => {
    const { client, orders } = await provisioned();
    await client.publish(orders, { n: 1 });
    const transport = firehoseTransport(emulated(endpoint));
    const address = { channel: orders.name, role: 'main' } as const;
    await transport.admin?.remove?.(address, AbortSignal.timeout(10_000));
    await transport.close();
    await expect(client.publish(orders, { n: 2 })).rejects.toMatchObject({ code: 'not-found' });
  });
});
