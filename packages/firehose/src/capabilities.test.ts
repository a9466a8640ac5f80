import { channel, type Client, createClient } from '@intermodal/core';
import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { firehoseTransport } from './index.ts';

const orders = channel<{ readonly n: number }>('orders');
const keyed = channel<{ readonly n: number }>('orders', { order: 'key' });

function opened() {
  const client = createClient({ transport: firehoseTransport({ region: 'eu-west-1' }) });
  onTestFinished(() => client.close());
  return client;
}

test('a client that only publishes has nothing to consume with', () => {
  const client = opened();
  expectTypeOf(client).toHaveProperty('publish');
  expectTypeOf(client).not.toHaveProperty('consume');
  expectTypeOf(client).not.toHaveProperty('consumeBatch');
  expectTypeOf(client).not.toHaveProperty('receive');
  expectTypeOf(client).not.toHaveProperty('backlog');
  expectTypeOf(client).not.toHaveProperty('redrive');
});

test('what it cannot do is refused before anything is sent, where the compiler was not asked', async () => {
  const client = opened();
  const unsupported = { code: 'unsupported' };
  const untyped = client as unknown as Client;
  const consuming = untyped.consume(orders, { group: 'billing' }, () => undefined);
  await expect(consuming).rejects.toMatchObject(unsupported);
  await expect(untyped.backlog(orders)).rejects.toMatchObject(unsupported);
  await expect(untyped.redrive(orders)).rejects.toMatchObject(unsupported);
  // @ts-expect-error it keeps no order
  const ordered = client.publish(keyed, { n: 1 }, { key: 'customer-7' });
  await expect(ordered).rejects.toMatchObject(unsupported);
  // @ts-expect-error it delays nothing
  const delayed = client.publish(orders, { n: 1 }, { delayMs: 5 });
  await expect(delayed).rejects.toMatchObject(unsupported);
  // @ts-expect-error it drops no duplicates
  const deduped = client.publish(orders, { n: 1 }, { dedupeId: 'once' });
  await expect(deduped).rejects.toMatchObject(unsupported);
});
