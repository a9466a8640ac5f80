import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, credentials, type ChannelModel, type SocketOptions } from 'amqplib';
import { expect, test } from 'vitest';
import {
  clearMemoryAlarm,
  closeConnections,
  management,
  raiseMemoryAlarm,
  tlsFilesOf,
  writeDownDeclarations,
} from '../src/index.ts';
import { variableOf } from '../src/broker.ts';
import { ownEngine } from './own-engine.ts';

// The address of loopback in /proc/net, of versions 4 and 6.
const loopback = ['0100007F', '00000000000000000000000001000000'];

/** Resolves to what the connection was closed by; `once` would reject with the error before. */
async function closeOf(connection: ChannelModel): Promise<unknown> {
  return new Promise((resolve) => connection.once('close', resolve));
}

/** What each RabbitMQ here must do; the rows are registered in the file that calls this. */
export function rabbitmqCases(name: string, version: RegExp): void {
  const engine = ownEngine(name);
  const url = (meaning: string): string => engine.variable(variableOf(name, meaning));

  async function open(address: string, options: SocketOptions = {}): Promise<ChannelModel> {
    const connection = await connect(address, options);
    connection.on('error', () => {});
    return connection;
  }

  test('has the version that it says it has', async () => {
    const overview = await management(name, engine.environment, 'overview');
    expect(await overview.json()).toMatchObject({
      rabbitmq_version: expect.stringMatching(version) as string,
    });
  });

  test('listens on loopback alone', async () => {
    const addresses = await engine.listeningOn();
    expect(addresses.filter((address) => !loopback.includes(address))).toEqual([]);
  });

  test.each(['classic', 'quorum'])(
    'a confirmed message in a %s queue survives a kill',
    async (type) => {
      const queue = `kept-${type}`;
      const before = await open(url('URL'));
      const channel = await before.createConfirmChannel();
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
      await writeDownDeclarations(engine.broker);
      const sent = Buffer.from([0, 255, 128]);
      channel.sendToQueue(queue, sent, { persistent: true });
      await channel.waitForConfirms();

      const closed = closeOf(before);
      await engine.broker.kill();
      await closed;
      await expect(connect(url('URL'))).rejects.toThrow('ECONNREFUSED');
      await engine.broker.restart();

      const after = await open(url('URL'));
      const again = await after.createChannel();
      const found = await again.get(queue, { noAck: true });
      expect(found && found.content.equals(sent)).toBe(true);
      await again.deleteQueue(queue);
      await after.close();
    },
  );

  test('a frozen broker answers nothing until it thaws', async () => {
    const connection = await open(url('URL'));
    const channel = await connection.createChannel();
    await engine.broker.freeze();
    let answered = false;
    const declared = channel.assertQueue('', { exclusive: true }).then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(answered).toBe(false);
    await engine.broker.thaw();
    await declared;
    await connection.close();
  });

  test('a connection is closed by command', async () => {
    const connection = await open(url('URL'));
    const closed = closeOf(connection);
    expect(await closeConnections(name, engine.environment)).toBe(1);
    expect(String(await closed)).toContain('CONNECTION-FORCED');
  });

  test('a memory alarm blocks who publishes, until it is over', async () => {
    const connection = await open(url('URL'));
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await raiseMemoryAlarm(engine.broker);
    const blocked = once(connection, 'blocked');
    const confirmed = new Promise((resolve) => {
      channel.sendToQueue(queue, Buffer.from('late'), {}, resolve);
    });
    await blocked;
    const unblocked = once(connection, 'unblocked');
    await clearMemoryAlarm(engine.broker);
    await unblocked;
    expect(await confirmed).toBe(null);
    await connection.close();
  });

  test('a restricted user may use what it may use', async () => {
    const connection = await open(url('RESTRICTED_URL'));
    const allowed = await connection.createChannel();
    await allowed.assertQueue('allowed', { exclusive: true });
    const forbidden = await connection.createChannel();
    forbidden.on('error', () => {});
    await expect(forbidden.assertQueue('forbidden')).rejects.toMatchObject({ code: 403 });
    await connection.close();
  });

  test('a wrong password is refused', async () => {
    await expect(connect(url('URL').replace(':guest@', ':wrong@'))).rejects.toThrow('403');
  });

  test('TLS: its certificate is checked, a client’s certificate is a login', async () => {
    const tls = tlsFilesOf(name, engine.environment);
    const ca = [await readFile(tls.ca)];
    const [cert, key] = [await readFile(tls.cert), await readFile(tls.key)];
    await expect(connect(url('TLS_URL'))).rejects.toThrow(/certificate/);
    const byPassword = await open(url('TLS_URL'), { ca });
    await byPassword.close();
    const external = { ca, cert, key, credentials: credentials.external() };
    const byCertificate = await open(url('TLS_URL'), external);
    await byCertificate.close();
  });

  test('its end leaves no process', async () => {
    expect(await engine.leftAfterStop()).toEqual([]);
  });
}
