import { ListTopicsCommand, PublishBatchCommand } from '@aws-sdk/client-sns';
import {
  type Address,
  IntermodalError,
  type Sender,
  type Transport,
} from '@intermodal/core/driver';
import { createLife, createSender, type Life } from '@intermodal/sqs/driver';
import { fifoCapabilities, type SnsCapabilities, standardCapabilities } from './capabilities.ts';
import { createClients } from './clients.ts';
import { createGroupQueues } from './group-queues.ts';
import { snsErrors } from './map-error.ts';
import { type TopicForm, writeTopicEntry } from './message.ts';
import { checkOptions, serviceMaxBytes, type SnsTransportOptions } from './options.ts';
import { createAdmin, topicAttributes } from './provision.ts';
import { createIdentity, createTopics, type TopicAt } from './topics.ts';

/**
 * Amazon SNS: a topic for each channel, and for each of its groups an SQS queue that is subscribed to it. FIFO topics
 * with `fifo: true`.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range, and for filters that SNS
 * would refuse
 */
export function snsTransport<const F extends boolean | undefined = undefined>(
  options: SnsTransportOptions<F> = {},
): Transport<SnsCapabilities<F>> {
  checkOptions(options);
  const fifo = options.fifo === true;
  const clients = createClients(options);
  const topics = createTopics(options, clients, createIdentity(clients.main));
  const queues = createGroupQueues(
    options,
    clients,
    async (channel) => (await topics.find({ channel, role: 'main' })).arn,
  );
  const lives = new Set<Life>();
  let closed = false;

  /** Also proves that the topic is there. */
  async function sizeLimit(topic: TopicAt, signal: AbortSignal): Promise<number> {
    const stated = options.maxMessageBytes ?? serviceMaxBytes;
    try {
      const { MaximumMessageSize } = await topicAttributes(topic, signal);
      return MaximumMessageSize === undefined ? stated : Number(MaximumMessageSize);
    } catch (error) {
      // A publisher needs no permission to read attributes.
      if (IntermodalError.is(error, 'permission-denied')) return stated;
      throw error;
    }
  }

  async function openTopic(address: Address, signal: AbortSignal): Promise<Sender> {
    const topic = await topics.find(address);
    const form: TopicForm = {
      service: 'sns',
      groups: fifo ? 'fifo' : options.fairQueues === true ? 'fair' : 'plain',
      dedupe: 'by-id',
      maxMessageBytes: await sizeLimit(topic, signal),
      place: topic.place,
      dataTypes: options.attributeTypes,
      subject: options.subject,
    };
    mayOpen();
    const life = createLife();
    lives.add(life);
    void life.dead.then(() => lives.delete(life));
    return createSender({
      transport: 'sns',
      place: topic.place,
      // Other than at SQS, the limit of a message is that of a whole batch.
      maxBatchBytes: form.maxMessageBytes,
      life,
      errors: snsErrors,
      write: (message) => writeTopicEntry(message, form),
      request: (PublishBatchRequestEntries, abortSignal) =>
        topic.client.send(
          new PublishBatchCommand({ TopicArn: topic.arn, PublishBatchRequestEntries }),
          { abortSignal },
        ),
    });
  }

  /** @throws `closed` */
  function mayOpen(): void {
    if (closed)
      throw new IntermodalError('closed', 'the transport was closed', { transport: 'sns' });
  }

  const capabilities = fifo ? fifoCapabilities : standardCapabilities;
  return {
    name: 'sns',
    capabilities: capabilities as SnsCapabilities<F>,

    async openSender(address, signal) {
      mayOpen();
      // Dead letters and one group's own copies go past the topic, straight to the queue.
      const isWhole = address.role === 'main' && address.group === undefined;
      return isWhole ? openTopic(address, signal) : queues.driver.openSender(address, signal);
    },

    async openReceiver(address, receiverOptions, signal) {
      mayOpen();
      return queues.openReceiver(address, receiverOptions, signal);
    },

    admin: createAdmin(topics, queues, options),

    async check(address, abortSignal) {
      if (address !== undefined) {
        await sizeLimit(await topics.find(address), abortSignal);
        return;
      }
      try {
        await clients.main.send(new ListTopicsCommand({}), { abortSignal });
      } catch (cause) {
        const { error } = snsErrors.mapError(cause, 'sns');
        // Who may not list topics has been recognised all the same, which is what was to be proved.
        if (!isDenial(cause)) throw error;
      }
    },

    async close() {
      closed = true;
      for (const life of lives) life.end();
      clients.destroy();
      await queues.driver.close();
    },
  };
}

function isDenial(cause: unknown): boolean {
  return cause instanceof Error && /^(?:AccessDenied|AuthorizationError)/.test(cause.name);
}
