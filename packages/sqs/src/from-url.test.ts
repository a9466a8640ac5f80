import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { cannedServer } from '../test/canned-server.ts';
import { never, orders } from '../test/opened.ts';
import { sqsFromUrl } from './index.ts';

const factories = { sqs: sqsFromUrl };

test('a URL names the endpoint, who signs, and the options', async () => {
  await using server = await cannedServer();
  const host = new URL(server.endpoint).host;
  const transport = await openTransport(
    `sqs://key:secret@${host}/?fifo&waitSeconds=1&leaseMs=5000`,
    factories,
  );
  expect(transport.capabilities).toMatchObject({ order: 'key' });
  const clock = { ...(await import('@intermodal/core')).systemClock };
  const options = { prefetch: 1, clock, onLane: () => Promise.resolve() };
  const receiver = await transport.openReceiver!(orders, options, never);
  await receiver.receive(1, never);
  const { input } = server.of('ReceiveMessage')[0]!;
  expect(input).toMatchObject({ WaitTimeSeconds: 1, VisibilityTimeout: 5 });
  await transport.close();
});

test.each([
  ['sqs://a,b/', /more than one endpoint/],
  ['sqs://a/?endpoint=http://b', /more than one endpoint/],
  ['sqs:?colour=red', /no use for the parameter 'colour'/],
  ['sqs:///path', /no use for a path/],
  ['sqs:?fifo&fairQueues', /fairQueues is for standard queues/],
  ['sqs:?waitSeconds=21', /waitSeconds/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
