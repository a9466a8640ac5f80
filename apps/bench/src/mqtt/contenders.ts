import { randomUUID } from 'node:crypto';
import { channel, type Client, createClient } from '@intermodal/core';
import { mqttTransport } from '@intermodal/mqtt';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Contender } from '../bench.ts';
import { bodyOf, type Order, orderOf } from '../sqs/orders.ts';
import { cannedControl } from './canned.ts';
import { ordersTopic } from './topics.ts';

const orders = channel<Order>(ordersTopic);

function clientAt(address: string): Client {
  const { hostname, port } = new URL(address);
  const hosts = [{ host: hostname, port: Number(port) }];
  return createClient({ transport: mqttTransport({ broker: 'mosquitto', protocol: '5', hosts }) });
}

function mqttjsAt(address: string, clientId: string): Promise<MqttClient> {
  const session = { clean: false, properties: { sessionExpiryInterval: 0xffff_ffff } };
  return connectAsync(address, { clientId, protocolVersion: 5, reconnectPeriod: 0, ...session });
}

interface Publishing {
  send(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

/** `callers` loops, each of which waits for its PUBACK. */
function publishing(
  name: string,
  callers: number,
  open: (address: string) => Promise<Publishing>,
): Contender {
  return {
    name,
    async start(address) {
      const opened = await open(address);
      return {
        async run(messages, probe) {
          let made = 0;
          const caller = async (): Promise<void> => {
            while (made < messages) {
              made += 1;
              const startedAt = performance.now();
              await opened.send(orderOf(made));
              probe.latency(performance.now() - startedAt);
            }
          };
          await Promise.all(Array.from({ length: callers }, caller));
        },
        stop: () => opened.stop(),
      };
    },
  };
}

/** With what Intermodal sends along: id, key, time and type. */
async function mqttjsPublishing(address: string): Promise<Publishing> {
  const client = await mqttjsAt(address, 'publisher');
  return {
    send: (order) =>
      client.publishAsync(ordersTopic, bodyOf(order), {
        qos: 1,
        properties: {
          payloadFormatIndicator: true,
          contentType: 'application/json',
          userProperties: {
            imid: randomUUID(),
            imkey: order.customer,
            imtime: String(Date.now()),
          },
        },
      }),
    stop: () => client.endAsync(true),
  };
}

export const callers = 256;

export const publishers: readonly Contender[] = [
  publishing('MQTT.js, pipelined by hand', callers, mqttjsPublishing),
  publishing('Intermodal', callers, (address) => {
    const client = clientAt(address);
    return Promise.resolve({
      send: (order) => client.publish(orders, order, { key: order.customer }),
      stop: () => client.close(),
    });
  }),
  // As async-mqtt is used, and MQTT.js since it has promises itself.
  publishing('MQTT.js, each awaited', 1, mqttjsPublishing),
];

type Handle = (order: Order) => Promise<void>;

function consuming(
  name: string,
  open: (address: string, handle: Handle) => Promise<{ stop(): Promise<void> }>,
): Contender {
  return {
    name,
    async start(address) {
      const control = await cannedControl(address);
      const opened = await open(address, () => Promise.resolve());
      return {
        run: (messages) => control.fill(messages),
        async stop() {
          await control.stop();
          await opened.stop();
        },
      };
    },
  };
}

/** What MQTT.js keeps to itself: the packet that is sent, here an ack. */
interface Hidden {
  _sendPacket(packet: { cmd: string; messageId?: number }, done?: () => void): void;
}

export const consumers: readonly Contender[] = [
  consuming('MQTT.js, acks held by hand', async (address, handle) => {
    const client = await mqttjsAt(address, 'consumer');
    const hidden = client as unknown as Hidden;
    const send = hidden._sendPacket.bind(client);
    hidden._sendPacket = (packet, done) => {
      if (packet.cmd === 'puback') done?.();
      else send(packet, done);
    };
    client.on('message', (_topic, payload, { messageId }) => {
      const handling = handle(JSON.parse(payload.toString()) as Order);
      void handling.then(() => {
        send({ cmd: 'puback', ...(messageId === undefined ? {} : { messageId }) });
      });
    });
    await client.subscribeAsync(ordersTopic, { qos: 1 });
    return { stop: () => client.endAsync(true) };
  }),
  consuming('Intermodal', async (address, handle) => {
    const client = clientAt(address);
    const options = { group: 'bench', concurrency: 100 };
    await client.consume(orders, options, ({ body }) => handle(body));
    return { stop: () => client.close({ deadlineMs: 0 }) };
  }),
  // What is lost with the process that handles it: acked before its handler has ended.
  consuming('MQTT.js as it comes', async (address, handle) => {
    const client = await mqttjsAt(address, 'consumer');
    client.on('message', (_topic, payload) => {
      void handle(JSON.parse(payload.toString()) as Order);
    });
    await client.subscribeAsync(ordersTopic, { qos: 1 });
    return { stop: () => client.endAsync(true) };
  }),
];
