import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  CreateTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { awsClientOptions } from '@intermodal/brokers';
import { channel } from '@intermodal/core';
import { expect, test } from 'vitest';
import { snsEndpoint } from '../src/index.ts';

const { endpoint: moto = '', ...connection } = awsClientOptions('moto');

/** moto finds its SNS by who signed, whoever that is. */
async function fetchFromMoto(url: URL): Promise<string> {
  const region = url.host.split('.')[1];
  const scope = `Credential=emulator/20261122/${region}/sns/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`;
  const asked = httpRequest(new URL(url.pathname, moto), { headers: { authorization } }).end();
  const [response] = (await once(asked, 'response')) as [Parameters<typeof text>[0]];
  return text(response);
}

test('a message that another implementation signed is genuine, and changed it is not', async () => {
  const sns = new SNSClient({ ...connection, endpoint: moto });
  const name = `endpoint-${crypto.randomUUID().slice(0, 8)}`;
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name }));
  const handled: unknown[] = [];
  const statuses: number[] = [];
  await using endpoint = snsEndpoint(
    channel(name),
    { topics: [TopicArn], capacity: 10, fetchCertificate: fetchFromMoto, client: sns },
    ({ body }) => void handled.push(body),
  );
  const fetchWith = async (body: string): Promise<number> => {
    const headers = { 'x-amz-sns-message-type': 'Notification' };
    const sent = new Request('http://shop.example/', { method: 'POST', headers, body });
    return (await endpoint.fetch(sent)).status;
  };
  // moto leaves out the headers of SNS.
  const server = createServer((incoming, response) => {
    void text(incoming)
      .then(async (body) => {
        statuses.push(await fetchWith(body.replace('\\"n\\": 1', '\\"n\\": 2')));
        statuses.push(await fetchWith(body));
      })
      .finally(() => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const Endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint }));
  await sns.send(new PublishCommand({ TopicArn, Message: '{"n": 1}' }));
  expect(statuses).toEqual([403, 200]);
  expect(handled).toEqual([{ n: 1 }]);
  server.closeAllConnections();
  server.close();
  sns.destroy();
});
