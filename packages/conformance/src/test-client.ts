import {
  bytes,
  channel,
  type Channel,
  type Client,
  type ClientOptions,
  type Codec,
  type ConsumeOptions,
  type Consumer,
  createClient,
  type Delivery,
  text,
  type Transport,
} from '@intermodal/core';
import type { Waiting } from './waiting.ts';

/**
 * Every capability that an option or a delivery depends on. Cases are typed as if the transport had them all, since they
 * also ask for what is not claimed: that is how a refusal is proved.
 */
export interface Everything {
  readonly receive: true;
  readonly groups: 'many';
  readonly order: 'key';
  readonly isolation: 'key' | 'window' | 'none';
  readonly settle: 'watermark';
  readonly duplicates: 'possible' | 'on-fault';
  readonly durable: boolean;
  readonly ackConfirmed: boolean;
  readonly attempts: 'broker' | 'local';
  readonly release: 'free' | 'counted' | 'by-closing' | 'none';
  readonly retry: 'delayed' | 'immediate' | 'local';
  readonly lease: true;
  readonly delay: true;
  readonly ttl: true;
  readonly priority: true;
  readonly dedupe: true;
  readonly replay: true;
  readonly headers: 'native' | 'envelope';
}

export type TestClient = Client<Everything>;
export type TestDelivery = Delivery<unknown, Everything>;
export type TestChannel = Channel<unknown, unknown, 'none' | 'key'>;
export type TestConsumeOptions = ConsumeOptions<Everything>;

/** The parts of core that cases use; replaced only where the suite itself is tested with a defect in core. */
export interface Core {
  readonly createClient: (options: ClientOptions<Transport<Everything>>) => TestClient;
  readonly channel: typeof channel;
  readonly bytes: Codec<unknown>;
  readonly text: Codec<unknown>;
}

export const installedCore: Core = {
  createClient,
  channel,
  bytes,
  text,
};

/** The same client, with a bound and a name on every promise that a case may wait for. */
export function boundedClient(
  client: TestClient,
  waiting: Waiting,
  onConsumer: (consumer: Consumer) => void,
): TestClient {
  async function opened(what: string, opening: Promise<Consumer>): Promise<Consumer> {
    const consumer = await waiting.within(what, opening);
    onConsumer(consumer);
    return {
      ...boundConsumer(consumer, waiting),
      [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
    };
  }

  return {
    capabilities: client.capabilities,
    transport: client.transport,
    require: client.require,
    receive: client.receive,
    publish: (channel, body, options) =>
      waiting.within(`publish to '${channel.name}'`, client.publish(channel, body, options)),
    publishMany: (channel, messages) =>
      waiting.within(
        `publishMany of ${messages.length} to '${channel.name}'`,
        client.publishMany(channel, messages),
      ),
    provision: (channels, options) =>
      waiting.within('provision', client.provision(channels, options)),
    check: (channel, options) => waiting.within('check', client.check(channel, options)),
    backlog: (channel, options) => waiting.within('backlog', client.backlog(channel, options)),
    redrive: (channel, options) => waiting.within('redrive', client.redrive(channel, options)),
    close: (options) => waiting.within('close of the client', client.close(options)),
    consume: (channel, options, handler) =>
      opened(`consume of '${channel.name}' to open`, client.consume(channel, options, handler)),
    consumeBatch: (channel, options, handler) =>
      opened(
        `consumeBatch of '${channel.name}' to open`,
        client.consumeBatch(channel, options, handler),
      ),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function boundConsumer(
  consumer: Consumer,
  waiting: Waiting,
): Omit<Consumer, typeof Symbol.asyncDispose> {
  return {
    done: consumer.done,
    pause: () => {
      consumer.pause();
    },
    resume: () => {
      consumer.resume();
    },
    setConcurrency: (concurrency) => {
      consumer.setConcurrency(concurrency);
    },
    stats: () => consumer.stats(),
    stop: (options) => waiting.within('stop of a consumer', consumer.stop(options)),
  };
}
