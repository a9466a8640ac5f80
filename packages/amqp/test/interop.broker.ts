import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { installDebianPackages } from '@intermodal/brokers';
import type { Transport, WireDelivery } from '@intermodal/core/driver';
import type { ConsumeMessage } from 'amqplib';
import { type AsyncMessage, Connection } from 'rabbitmq-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  collect,
  freshAddress,
  message,
  never,
  openReceiver,
  plainPeer,
  provision,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

let server: Rabbit;
let transport: Transport;
beforeAll(async () => {
  server = await sharedRabbit();
});

const text = '{"n":"żółć"}';

async function freshPlace(): Promise<ReturnType<typeof freshAddress>> {
  transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  return address;
}

async function sendOurs(address: ReturnType<typeof freshAddress>): Promise<void> {
  const sender = await transport.openSender(wholeChannel(address), never);
  const ours = message('ours', {
    body: Buffer.from(text),
    headers: new Map([['tenant', 'żółć']]),
    key: 'k-1',
    contentType: 'application/json',
    publishedAt: 1_700_000_000_123,
  });
  expect(await send(sender, ours)).toEqual([{ ok: true }]);
}

describe('rabbitmq-client', () => {
  test('reads ours', async () => {
    const address = await freshPlace();
    await sendOurs(address);
    const connection = new Connection(server.url);
    const queue = `${address.channel}.billing`;
    let found: (message: AsyncMessage) => void;
    const reading = new Promise<AsyncMessage>((resolve) => {
      found = resolve;
    });
    const consumer = connection.createConsumer(
      { queue, queueOptions: { passive: true } },
      (each) => {
        found(each);
      },
    );
    consumer.on('error', () => undefined);
    const read = await reading;
    await consumer.close();
    await connection.close();
    expect(read).toMatchObject({
      body: { n: 'żółć' },
      messageId: 'ours',
      contentType: 'application/json',
      durable: true,
      timestamp: 1_700_000_000,
      headers: { tenant: 'żółć', imkey: 'k-1', imtime: '1700000000123' },
    });
  });

  test('is read by us', async () => {
    const address = await freshPlace();
    const connection = new Connection(server.url);
    const publisher = connection.createPublisher({ confirm: true });
    const envelope = { exchange: address.channel, routingKey: '', durable: true };
    const headers = { tenant: 'żółć', count: 7 };
    await publisher.send({ ...envelope, messageId: 'theirs', headers }, { n: 'żółć' });
    await publisher.send(envelope, Buffer.from([0, 255]));
    await publisher.close();
    await connection.close();
    const receiver = await openReceiver(transport, address);
    const found = await collect(receiver, 2);
    const [first, second] = found as [WireDelivery, WireDelivery];
    expect(first.message).toMatchObject({
      id: 'theirs',
      contentType: 'application/json',
      headers: new Map([['tenant', 'żółć']]),
      body: Buffer.from(text),
    });
    expect((first.native as ConsumeMessage).properties.headers).toMatchObject(headers);
    expect(second.message.body).toEqual(Buffer.from([0, 255]));
    await settle(receiver, found, 'ack');
  });
});

/** Of Debian's amqp-tools, which know bodies and a few properties. */
async function run(tool: string, args: readonly string[], input = ''): Promise<string> {
  const { hostname, port, username, password } = new URL(server.url);
  const login = [`--server=${hostname}`, `--port=${port}`];
  const user = [`--username=${username}`, `--password=${password}`];
  const child = spawn(tool, [...login, ...user, ...args]);
  child.stdin.end(input);
  child.stderr.pipe(process.stderr);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return output;
}

describe('amqp-tools', () => {
  beforeAll(async () => {
    await installDebianPackages(['amqp-tools'], 'the tests with amqp-tools', (line) => {
      process.stderr.write(`${line}\n`);
    });
  });

  test.each([
    ['amqp-get', (queue: string) => [`--queue=${queue}`]],
    ['amqp-consume', (queue: string) => [`--queue=${queue}`, '--count=1', 'cat']],
  ])('%s reads ours', async (tool, argumentsFor) => {
    const address = await freshPlace();
    await sendOurs(address);
    const queue = `${address.channel}.billing`;
    expect(await run(tool, argumentsFor(queue))).toBe(text);
    // And took it: nothing comes again.
    const peer = await plainPeer(server.url);
    await expect.poll(async () => (await peer.checkQueue(queue)).messageCount).toBe(0);
  });

  test('amqp-publish is read by us', async () => {
    const address = await freshPlace();
    const place = [`--exchange=${address.channel}`, '--routing-key=any.key', '--persistent'];
    const properties = ['--content-type=application/json', '--header=tenant: żółć'];
    await run('amqp-publish', [...place, ...properties], text);
    const receiver = await openReceiver(transport, address);
    const found = await collect(receiver, 1);
    const [first] = found as [WireDelivery];
    expect(first.message).toMatchObject({
      channel: address.channel,
      contentType: 'application/json',
      headers: new Map([['tenant', 'żółć']]),
      body: Buffer.from(text),
    });
    expect((first.native as ConsumeMessage).properties.deliveryMode).toBe(2);
    await settle(receiver, found, 'ack');
  });
});
