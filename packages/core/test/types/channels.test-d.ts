import { type } from 'arktype';
import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import {
  bytes,
  channel,
  type Channel,
  createClient,
  createPushReceiver,
  json,
  text,
} from '../../src/index.ts';
import { queue } from './transports.ts';

interface Input {
  id: string;
  at: string;
}

interface Output {
  id: string;
  at: Date;
}

const toDate = (given: string): Date => new Date(given);
const byZod = channel('orders', {
  schema: z.object({ id: z.string(), at: z.string().transform(toDate) }),
});
const byValibot = channel('orders', {
  schema: v.object({ id: v.string(), at: v.pipe(v.string(), v.transform(toDate)) }),
});
const byArktype = channel('orders', {
  schema: type({ id: 'string', at: 'string.date.iso.parse' }),
  order: 'key',
});

expectTypeOf(byZod).toEqualTypeOf<Channel<Input, Output>>();
expectTypeOf(byValibot).toEqualTypeOf<Channel<Input, Output>>();
expectTypeOf(byArktype).toEqualTypeOf<Channel<Input, Output, 'key'>>();

// Publish takes the schema's input, a consumer gets its output.
const client = createClient({ transport: queue });
for (const orders of [byZod, byValibot]) {
  await client.publish(orders, { id: 'a', at: '2026-01-01' });
  await client.publishMany(orders, [{ body: { id: 'a', at: '2026-01-01' } }]);
  // @ts-expect-error the output is not the input
  await client.publish(orders, { id: 'a', at: new Date() });
  // @ts-expect-error a part is missing
  await client.publish(orders, { id: 'a' });
  // @ts-expect-error a part is missing
  await client.publishMany(orders, [{ body: { id: 'a' } }]);
  await client.consume(orders, {}, ({ body }) => {
    expectTypeOf(body).toEqualTypeOf<Output>();
  });
  createPushReceiver(orders, { capacity: 5 }, ({ body }) => {
    expectTypeOf(body).toEqualTypeOf<Output>();
  });
}
createPushReceiver(byArktype, { capacity: 5 }, ({ body }) => {
  expectTypeOf(body).toEqualTypeOf<Output>();
});
// @ts-expect-error a capacity is required
createPushReceiver(byZod, {}, () => undefined);

// Without a schema the type is what was said, or what the codec has.
expectTypeOf(channel<Input>('orders')).toEqualTypeOf<Channel<Input>>();
expectTypeOf(channel<Input>('orders', { order: 'key' })).toEqualTypeOf<
  Channel<Input, Input, 'key'>
>();
expectTypeOf(channel('orders', { codec: bytes })).toEqualTypeOf<Channel<Uint8Array>>();
expectTypeOf(channel('orders', { codec: text, order: 'key' })).toEqualTypeOf<
  Channel<string, string, 'key'>
>();
expectTypeOf(channel('orders', { codec: json<Input>() })).toEqualTypeOf<Channel<Input>>();
expectTypeOf(channel('orders', { order: 'none' })).toExtend<Channel<unknown>>();
// @ts-expect-error bytes are no text
await client.publish(channel('orders', { codec: text }), new Uint8Array());
await client.publish(channel('orders', { codec: bytes }), new Uint8Array());

// A codec carries the schema's input.
const inText = z.string().transform(toDate);
expectTypeOf(channel('orders', { schema: inText, codec: text })).toEqualTypeOf<
  Channel<string, Date>
>();
// @ts-expect-error text cannot carry an object
channel('orders', { schema: z.object({ id: z.string() }), codec: text });

// The rest of the options.
channel('orders', { cloudEvents: { mode: 'binary', source: 'urn:a', type: 'b' } });
// @ts-expect-error there is no such mode
channel('orders', { cloudEvents: { mode: 'batched' } });
// @ts-expect-error there is no such order
channel('orders', { order: 'total' });
// @ts-expect-error there is no such option
channel('orders', { ordering: 'key' });
// @ts-expect-error a schema has the standard's shape
channel('orders', { schema: { parse: () => undefined } });
