import { ListQueuesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { type Address, IntermodalError, type Transport } from '@intermodal/core/driver';
import { fifoCapabilities, type SqsCapabilities, standardCapabilities } from './capabilities.ts';
import { createClients } from './clients.ts';
import { createLife, type Life } from './life.ts';
import { mapError, sqsErrors } from './map-error.ts';
import { type WireForm, writeEntry } from './message.ts';
import {
  checkOptions,
  serviceMaxBytes,
  type SqsTransportOptions,
  waitSecondsOf,
} from './options.ts';
import { checkGroup, createAdmin } from './provision.ts';
import { createQueues, type QueueAt } from './queues.ts';
import { createReceiver } from './receiver.ts';
import { createSender } from './sender.ts';
import { groupTag } from './wanted.ts';
import { hasMd5 } from './wire-text.ts';

// What the service and every emulator takes as a batch, whatever its queues are set to.
const leastBatchBytes = 262_144;

/**
 * Amazon SQS: standard queues, FIFO queues with `fifo: true`, fair queues with `fairQueues: true`.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function sqsTransport<const F extends boolean | undefined = undefined>(
  options: SqsTransportOptions<F> = {},
): Transport<SqsCapabilities<F>> {
  return sqsDriver(options);
}

/** The transport, and what else a driver must know that fills its queues in another way. */
export interface SqsDriver<F extends boolean | undefined> extends Transport<SqsCapabilities<F>> {
  /** @throws `not-found`, `permission-denied` */
  queueArn(address: Address, signal: AbortSignal): Promise<string>;
}

/** @throws `invalid-argument` */
export function sqsDriver<const F extends boolean | undefined = undefined>(
  options: SqsTransportOptions<F> = {},
): SqsDriver<F> {
  checkOptions(options);
  const fifo = options.fifo === true;
  const clients = createClients(options);
  const queues = createQueues(options, clients.main);
  const checksum = options.checksum ?? (hasMd5() ? 'md5' : 'none');
  /** Queues that this process consumes, and for which group: it holds where tags may not be read. */
  const groups = new Map<string, string>();
  const lives = new Set<Life>();
  let closed = false;

  /** Also proves that the queue is there. */
  async function sizeLimit(queue: QueueAt, signal: AbortSignal): Promise<number> {
    const stated = options.maxMessageBytes ?? serviceMaxBytes;
    try {
      const { MaximumMessageSize } = await queues.attributes(queue, ['MaximumMessageSize'], signal);
      return MaximumMessageSize === undefined ? stated : Number(MaximumMessageSize);
    } catch (error) {
      // A publisher needs no permission to read attributes.
      if (IntermodalError.is(error, 'permission-denied')) return stated;
      throw error;
    }
  }

  async function claim(queue: QueueAt, group: string, signal: AbortSignal): Promise<void> {
    const tags = await queues.tags(queue, signal);
    checkGroup(queue.place, tags?.[groupTag] ?? groups.get(queue.url), group);
    groups.set(queue.url, group);
  }

  function born(): Life {
    const life = createLife();
    lives.add(life);
    void life.dead.then(() => lives.delete(life));
    return life;
  }

  /** @throws `closed` */
  function mayOpen(): void {
    if (closed)
      throw new IntermodalError('closed', 'the transport was closed', { transport: 'sqs' });
  }

  const capabilities = fifo ? fifoCapabilities : standardCapabilities;
  return {
    name: 'sqs',
    capabilities: capabilities as SqsCapabilities<F>,

    async openSender(address, signal) {
      mayOpen();
      const queue = await queues.find(address, signal);
      const form: WireForm = {
        groups: fifo ? 'fifo' : options.fairQueues === true ? 'fair' : 'plain',
        dedupe: address.role === 'dead-letter' ? 'fresh' : 'by-id',
        service: 'sqs',
        maxMessageBytes: await sizeLimit(queue, signal),
        place: queue.place,
      };
      mayOpen();
      return createSender({
        transport: 'sqs',
        place: queue.place,
        maxBatchBytes: Math.max(leastBatchBytes, Math.min(serviceMaxBytes, form.maxMessageBytes)),
        life: born(),
        errors: sqsErrors,
        write: (message) => writeEntry(message, form),
        request: (Entries, abortSignal) =>
          clients.main.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }), {
            abortSignal,
          }),
      });
    },

    async openReceiver(address, receiverOptions, signal) {
      mayOpen();
      const queue = await queues.find(address, signal);
      if (address.role === 'main') await claim(queue, address.group ?? address.channel, signal);
      mayOpen();
      return createReceiver(
        {
          clients,
          queue,
          life: born(),
          form: {
            channel: address.channel,
            checksum,
            snsEnvelopes: options.snsEnvelopes ?? 'unwrap',
          },
          fifo,
          leaseMs: options.leaseMs ?? 30_000,
          waitSeconds: waitSecondsOf(options),
          maxConcurrentReceives: options.maxConcurrentReceives ?? 10,
        },
        receiverOptions,
      );
    },

    admin: createAdmin(clients.main, queues, options),
    queueArn: (address, signal) => queues.arn(address, signal),

    async check(address, signal) {
      if (address !== undefined) {
        const queue = await queues.find(address, signal);
        await sizeLimit(queue, signal);
        return;
      }
      try {
        await clients.main.send(new ListQueuesCommand({ MaxResults: 1 }), { abortSignal: signal });
      } catch (cause) {
        const { error } = mapError(cause, 'sqs');
        // Who may not list queues has been recognised all the same, which is what was to be proved.
        if (!(cause instanceof Error && cause.name.startsWith('AccessDenied'))) throw error;
      }
    },

    close() {
      closed = true;
      for (const life of lives) life.end();
      clients.destroy();
      return Promise.resolve();
    },
  };
}
