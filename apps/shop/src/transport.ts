import {
  IntermodalError,
  openTransport,
  type Transport,
  type TransportFactory,
} from '@intermodal/core';
import { amqpFromUrl } from '@intermodal/amqp';
import { amqp1FromUrl } from '@intermodal/amqp1';
import { firehoseFromUrl } from '@intermodal/firehose';
import { kinesisFromUrl } from '@intermodal/kinesis';
import { memoryFromUrl } from '@intermodal/memory';
import { snsFromUrl } from '@intermodal/sns';
import { mqttFromUrl } from '@intermodal/mqtt';
import { sqsFromUrl } from '@intermodal/sqs';
import { stompFromUrl } from '@intermodal/stomp';
import { Refusal } from './refusal.ts';

/** THE line: change it, and the orders take another way. */
export const transportUrl = 'memory:';

/** What the shop can be run on, each with the parameters that its URL may have. */
const factories: Readonly<Record<string, TransportFactory>> = {
  memory: memoryFromUrl,
  amqp: amqpFromUrl,
  amqp1: amqp1FromUrl,
  // It only publishes, so the shop says why it cannot run on it.
  firehose: firehoseFromUrl,
  kinesis: kinesisFromUrl,
  sns: snsFromUrl,
  mqtt: mqttFromUrl,
  sqs: sqsFromUrl,
  stomp: stompFromUrl,
};

/** A name alone is a URL without anything else. @throws Refusal */
export async function transportOf(url: string): Promise<Transport> {
  const [scheme = ''] = url.split(':', 1);
  // As in `amqps:` and `mqtt+wss:`: how a transport is spoken, not which.
  const spoken = [scheme, scheme.replace(/\+.*$/, ''), scheme.replace(/(\+.*|s)$/, '')];
  const names = Object.keys(factories);
  if (!spoken.some((name) => names.includes(name))) {
    const known = names.map((name) => `${name}:`).join(', ');
    throw new Refusal(`There is no transport '${scheme}' in this shop: it has ${known}.`);
  }
  try {
    return await openTransport(url === scheme ? `${url}:` : url, factories);
  } catch (error) {
    const { message } = IntermodalError.from(error);
    throw new Refusal(`The transport cannot be used: ${message}.`, { cause: error });
  }
}
