import { setTimeout as wait } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageBatchRequestEntry,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';

type QueueAttributes = Readonly<Record<string, string>>;

/** A queue made for one experiment, and the calls that experiments make most. */
export interface LabQueue {
  readonly url: string;
  readonly arn: string;
  readonly send: (body: string, more?: Partial<SendMessageCommandInput>) => Promise<string>;
  readonly sendBatch: (
    entries: readonly Partial<SendMessageBatchRequestEntry>[],
  ) => Promise<string>;
  readonly receive: (more?: Partial<ReceiveMessageCommandInput>) => Promise<readonly Message[]>;
  /** Bodies of one short receive of up to ten. */
  readonly bodies: (more?: Partial<ReceiveMessageCommandInput>) => Promise<string>;
  readonly delete: (message: Message) => Promise<void>;
  readonly attribute: (name: string) => Promise<string | undefined>;
}

/** What an experiment works with. */
export interface Lab {
  readonly sqs: SQSClient;
  readonly queue: (attributes?: QueueAttributes) => Promise<LabQueue>;
  readonly fifo: (attributes?: QueueAttributes) => Promise<LabQueue>;
  /** A queue whose messages go to a dead-letter queue of the same kind. */
  withDeadLetters(
    maxReceiveCount: number,
    attributes?: QueueAttributes,
  ): Promise<{ readonly source: LabQueue; readonly deadLetters: LabQueue }>;
  /** `accepted`, or `refused: <name of the error>`. */
  readonly outcome: (call: Promise<unknown>) => Promise<string>;
  readonly wait: (ms: number) => Promise<unknown>;
}

let queues = 0;

/** A lab at this endpoint. */
export function openLab(sqs: SQSClient): Lab {
  const make = async (suffix: string, attributes: QueueAttributes): Promise<LabQueue> => {
    queues += 1;
    const QueueName = `experiment-${queues}${suffix}`;
    const command = new CreateQueueCommand({ QueueName, Attributes: attributes });
    const { QueueUrl } = await sqs.send(command);
    if (!QueueUrl) throw new Error('CreateQueue answered without a URL');
    return labQueue(sqs, QueueUrl);
  };
  const queue = async (attributes: QueueAttributes = {}): Promise<LabQueue> => make('', attributes);
  const fifo = async (attributes: QueueAttributes = {}): Promise<LabQueue> =>
    make('.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true', ...attributes });

  return {
    sqs,
    queue,
    fifo,
    async withDeadLetters(maxReceiveCount, attributes = {}) {
      const kind = attributes['FifoQueue'] === 'true' ? fifo : queue;
      const deadLetters = await kind();
      const RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: deadLetters.arn,
        maxReceiveCount,
      });
      return { source: await kind({ ...attributes, RedrivePolicy }), deadLetters };
    },
    async outcome(call) {
      try {
        await call;
        return 'accepted';
      } catch (error) {
        return `refused: ${nameOf(error)}`;
      }
    },
    wait: async (ms) => wait(ms),
  };
}

/** What an error calls itself; experiments may ask for more. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** The bodies of messages in the order received, or `nothing`. */
export function bodiesOf(messages: readonly Message[]): string {
  return messages.length === 0 ? 'nothing' : messages.map(({ Body }) => Body).join(' ');
}

/** `a=ok b=InternalError(sender)`: what became of the entries of a batch. */
export function entriesOf(output: {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly { readonly Id?: string | undefined; readonly Code?: string | undefined }[]
    | undefined;
}): string {
  const successful = (output.Successful ?? []).map(({ Id }) => `${Id}=ok`);
  const failed = (output.Failed ?? []).map(({ Id, Code }) => `${Id}=${Code}`);
  return [...successful, ...failed].sort().join(' ');
}

async function labQueue(sqs: SQSClient, url: string): Promise<LabQueue> {
  const attribute = async (name: string): Promise<string | undefined> => {
    const AttributeNames = [name as 'QueueArn'];
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames });
    const { Attributes } = await sqs.send(command);
    return (Attributes as Readonly<Record<string, string>> | undefined)?.[name];
  };
  const receive = async (
    more: Partial<ReceiveMessageCommandInput> = {},
  ): Promise<readonly Message[]> => {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
        ...more,
      }),
    );
    return Messages ?? [];
  };
  return {
    url,
    arn: (await attribute('QueueArn')) ?? '',
    attribute,
    receive,
    bodies: async (more) => bodiesOf(await receive(more)),
    async send(body, more = {}) {
      const command = new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more });
      const { MessageId } = await sqs.send(command);
      return MessageId ?? '';
    },
    async sendBatch(entries) {
      const Entries = entries.map((entry, index) => ({
        Id: String(index),
        MessageBody: String(index),
        ...entry,
      }));
      return entriesOf(await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries })));
    },
    async delete({ ReceiptHandle }) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    },
  };
}
