import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { connect, type MqttClient } from 'mqtt';
import { generate, type Packet, parser } from 'mqtt-packet';
import { afterEach, expect, test } from 'vitest';
import { holdAcks } from './held-acks.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Pair {
  readonly client: MqttClient;
  readonly ack: (messageIds: readonly number[]) => void;
  /** What the broker was sent, oldest first. */
  readonly packets: readonly Packet[];
  deliver(messageId: number): void;
}

function next(client: MqttClient, event: 'connect' | 'message'): Promise<void> {
  return new Promise((resolve) => {
    client.once(event, () => {
      resolve();
    });
  });
}

/** MQTT.js and a broker that does nothing by itself but answer what must be answered. */
async function pairOf(protocolVersion: 4 | 5): Promise<Pair> {
  const packets: Packet[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const write = (packet: Packet): void => {
      socket.write(generate(packet, { protocolVersion }));
    };
    const reader = parser({ protocolVersion });
    reader.on('packet', (packet) => {
      packets.push(packet);
      if (packet.cmd === 'connect')
        write({ cmd: 'connack', sessionPresent: false, returnCode: 0, reasonCode: 0 });
      if (packet.cmd === 'pingreq') write({ cmd: 'pingresp' });
      if (packet.cmd === 'subscribe')
        write({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] });
    });
    socket.on('data', (chunk) => reader.parse(chunk));
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, protocolVersion, reconnectPeriod: 0 });
  const ack = holdAcks(client);
  closers.push(async () => {
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  closers.push(() => client.endAsync(true));
  await next(client, 'connect');
  const deliver = (messageId: number): void => {
    const flags = { qos: 1, dup: false, retain: false } as const;
    const packet: Packet = { cmd: 'publish', messageId, topic: 'a', payload: 'b', ...flags };
    sockets[0]?.write(generate(packet, { protocolVersion }));
  };
  return { client, ack, packets, deliver };
}

const idsOf = (packets: readonly Packet[]): (number | undefined)[] =>
  packets.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId);

test.each([4, 5] as const)(
  'MQTT.js acks nothing by itself and goes on, version %s',
  async (protocolVersion) => {
    const { client, ack, packets, deliver } = await pairOf(protocolVersion);
    const come: (number | undefined)[] = [];
    client.on('message', (_topic, _payload, { messageId }) => come.push(messageId));
    for (let id = 1; id <= 50; id += 1) deliver(id);
    await expect.poll(() => come).toHaveLength(50);
    // Other packets go out and are answered meanwhile.
    client.sendPing();
    await client.subscribeAsync('a', { qos: 1 });
    expect(packets.map(({ cmd }) => cmd)).toEqual(['connect', 'pingreq', 'subscribe']);
    ack([7, 3]);
    ack([50]);
    await expect.poll(() => idsOf(packets)).toEqual([7, 3, 50]);
  },
);

test('an id that comes again after its ack is held again', async () => {
  const { client, ack, packets, deliver } = await pairOf(4);
  deliver(1);
  await next(client, 'message');
  ack([1]);
  deliver(1);
  await next(client, 'message');
  await client.subscribeAsync('a', { qos: 1 });
  expect(idsOf(packets)).toEqual([1]);
});
