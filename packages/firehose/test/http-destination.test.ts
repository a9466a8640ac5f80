import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { channel } from '@intermodal/core';
import { expect, onTestFinished, test } from 'vitest';
import { createFirehoseEndpoint } from '../src/endpoint.ts';
import { newName, setting } from './opened.ts';

const accessKey = 'a key that nobody else has';

/** The emulator sends neither a key nor any other header of Firehose, so this gateway adds the key. */
async function gateway(fetch: (request: Request) => Promise<Response>): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const headers = { 'x-amz-firehose-access-key': accessKey };
      const answer = await fetch(
        new Request('http://127.0.0.1/firehose', { method: 'POST', headers, body }),
      );
      response.writeHead(answer.status).end(await answer.text());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('what is published comes to an HTTP endpoint destination with id, key, headers and body', async () => {
  const orders = channel<{ readonly n: number }>(newName());
  const seen: unknown[] = [];
  await using endpoint = createFirehoseEndpoint(orders, { accessKey }, (delivery) => {
    const { id, key, headers, body } = delivery;
    seen.push({ id, key, headers: Object.fromEntries(headers), body });
  });
  const Url = await gateway(endpoint.fetch);
  const { client } = await setting({
    provisioning: () => ({
      HttpEndpointDestinationConfiguration: {
        EndpointConfiguration: { Url, AccessKey: accessKey },
        S3Configuration: {
          RoleARN: 'arn:aws:iam::123456789012:role/firehose',
          BucketARN: 'arn:aws:s3:::backup',
        },
      },
    }),
  });
  await client.provision([orders]);
  const headers = { tenant: 'acme' };
  const { id } = await client.publish(orders, { n: 1 }, { key: 'customer-7', headers });
  expect(seen).toEqual([{ id, key: 'customer-7', headers, body: { n: 1 } }]);
});
