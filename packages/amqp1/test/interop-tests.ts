import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Address } from '@intermodal/core/driver';
import rhea, { type Connection, type EventContext } from 'rhea';
import { expect, test } from 'vitest';
import { type Amqp1Broker, placeOf } from '../src/engine.ts';
import type { Server } from './broker.ts';
import { freshPlace } from './engine-tests.ts';
import {
  closeLater,
  collect,
  message,
  never,
  openReceiver,
  send,
  settle,
  transportOf,
} from './support.ts';

/** A message as every program can tell it. */
interface Told {
  readonly id: string;
  readonly body: string;
  /** Whether the body is data, or else a text value. */
  readonly bytes: boolean;
  readonly durable?: boolean;
  readonly key: string;
  readonly contentType: string;
  /** Seconds or milliseconds, as the program has it. */
  readonly createdAt?: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A program that knows only AMQP 1.0. */
interface Peer {
  send(address: string, theirs: Told): Promise<void>;
  take(address: string): Promise<Told>;
}

async function rheaPeer({ url }: Server): Promise<Peer> {
  const connection: Connection = rhea.create_container().connect({
    host: url.hostname,
    port: Number(url.port),
    username: url.username,
    password: url.password,
    reconnect: false,
  });
  await once(connection, 'connection_open');
  closeLater(async () => {
    connection.close();
    await once(connection, 'connection_close');
  });
  return {
    async send(address, { id, body, bytes, key, contentType, headers }) {
      const sender = connection.open_sender({ target: { address, durable: 2 } });
      await once(sender, 'sendable');
      sender.send({
        message_id: id,
        durable: true,
        group_id: key,
        content_type: contentType,
        application_properties: headers,
        body: bytes ? (rhea.message.data_section(Buffer.from(body)) as unknown) : body,
      });
      await once(sender, 'accepted');
      sender.close();
    },
    async take(address) {
      const source = { address, durable: 2 as const };
      const receiver = connection.open_receiver({ source, credit_window: 0, autoaccept: false });
      // Credit before that breaks the session of RabbitMQ 4, and that it sends more than asked for is rhea's too.
      await once(receiver, 'receiver_open');
      receiver.add_credit(1);
      const [{ message: found, delivery }] = (await once(receiver, 'message')) as [EventContext];
      delivery?.accept();
      receiver.close();
      await once(receiver, 'receiver_close');
      const body: unknown = found?.body;
      return {
        id: String(found?.message_id),
        body: typeof body === 'string' ? body : String((body as { content: Buffer }).content),
        bytes: typeof body !== 'string',
        durable: found?.durable === true,
        key: String(found?.group_id),
        contentType: String(found?.content_type),
        createdAt: Number(found?.creation_time),
        headers: found?.application_properties as Readonly<Record<string, string>>,
      };
    },
  };
}

const program = fileURLToPath(new URL('qpid-peer.py', import.meta.url));

/** Qpid Proton, as Debian has it for its Python. */
function qpidPeer({ url }: Server): Promise<Peer> {
  const run = async (command: string, address: string, input: string): Promise<string> => {
    const login = [url.host, url.username, url.password];
    const child = spawn('/usr/bin/python3', [program, ...login, command, address]);
    child.stdin.end(input);
    child.stderr.pipe(process.stderr);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    return output;
  };
  return Promise.resolve({
    async send(address, theirs) {
      await run('send', address, JSON.stringify(theirs));
    },
    async take(address) {
      return JSON.parse(await run('take', address, '')) as Told;
    },
  });
}

const peers = { rhea: rheaPeer, qpid: qpidPeer } as const;

/** Bodies and headers are the same on both sides. */
export function interopTests(
  server: () => Server,
  broker: Amqp1Broker,
  names: readonly (keyof typeof peers)[],
): void {
  const linkOf = (address: Address): string => placeOf(broker, address, undefined).link;
  const theirs = (bytes: boolean): Told => ({
    id: 'theirs',
    body: '{"n":"żółć"}',
    bytes,
    key: 'k-1',
    contentType: 'application/json',
    headers: { tenant: 'żółć' },
  });

  test.each(names)('%s reads ours', { timeout: 20_000 }, async (name) => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const sender = await transport.openSender(address, never);
    const more = {
      headers: new Map([['tenant', 'żółć']]),
      key: 'k-1',
      contentType: 'application/json',
      publishedAt: 1_700_000_000_123,
    };
    await send(sender, message('m-1', { ...more, body: Buffer.from('{"n":1}') }));
    await send(sender, message('m-2', { ...more, body: 'text: żółć' }));
    const peer = await peers[name](server());
    const headers = { tenant: 'żółć', imkey: 'k-1', imtime: '1700000000123' };
    const ours = { durable: true, key: 'k-1', contentType: 'application/json', headers };
    expect(await peer.take(linkOf(address))).toMatchObject({
      ...ours,
      id: 'm-1',
      body: '{"n":1}',
      bytes: true,
    });
    expect(await peer.take(linkOf(address))).toMatchObject({
      ...ours,
      id: 'm-2',
      body: 'text: żółć',
      bytes: broker !== 'activemq',
    });
  });

  test.each(names)('we read what %s sends', { timeout: 20_000 }, async (name) => {
    const address = await freshPlace(server());
    const peer = await peers[name](server());
    for (const bytes of [true, false]) await peer.send(linkOf(address), theirs(bytes));
    const receiver = await openReceiver(transportOf(server().options), address);
    const found = await collect(receiver, 2);
    for (const { message: read } of found) {
      expect(Buffer.from(read.body as string).toString()).toBe('{"n":"żółć"}');
      expect(read).toMatchObject({
        id: 'theirs',
        key: 'k-1',
        contentType: 'application/json',
        headers: new Map([['tenant', 'żółć']]),
      });
    }
    expect(found.map(({ message: read }) => typeof read.body)).toEqual(['object', 'string']);
    await settle(receiver, found, 'ack');
  });
}
