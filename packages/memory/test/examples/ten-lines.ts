import { channel, createClient } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';

const orders = channel<{ id: string; total: number }>('orders', { order: 'key' });
const client = createClient({ transport: memoryTransport() });
await client.provision([orders], { groups: ['billing'] });
await client.consume(orders, { group: 'billing' }, ({ body }) => {
  process.stdout.write(`charged ${body.total}\n`); // return = ack, throw = retry, throw Rejection = dead letter
});
await client.publish(orders, { id: 'o-1', total: 12 }, { key: 'customer-7' });
await client.close();
