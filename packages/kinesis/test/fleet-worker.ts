// Started as a process of its own by fleet.test.ts: consumes, and says each message when it is done.
import { channel, createClient } from '@intermodal/core';
import { kinesisTransport, type KinesisTransportOptions } from '../src/index.ts';

interface Setting {
  readonly options: KinesisTransportOptions;
  readonly table: string;
}

const { options, table } = JSON.parse(process.argv[2] ?? '') as Setting;
const orders = channel<{ readonly n: number }>('orders', { order: 'key' });
const client = createClient({
  transport: kinesisTransport({ ...options, leasing: { ...options.leasing, table: () => table } }),
});
const consumer = await client.consume(
  orders,
  { group: 'billing', concurrency: 8, prefetch: 40, checkpointMs: 200 },
  async ({ key, body }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.stdout.write(`${key} ${body.n}\n`);
  },
);
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  void consumer.stop().then(() => client.close());
});
