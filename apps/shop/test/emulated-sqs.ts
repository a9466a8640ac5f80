import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';

/** SQS on an emulator, which has queues of its own for each region. */
export interface EmulatedSqs {
  readonly broker: Exclude<AwsBroker, 'aws'>;
  readonly fifo: boolean;
  /** Each of these costs the demo six sends, and moto takes a quarter of what fauxqs takes. */
  readonly orders: number;
}

export const emulatedSqs: readonly EmulatedSqs[] = [
  { broker: 'fauxqs', fifo: false, orders: 300 },
  { broker: 'fauxqs', fifo: true, orders: 300 },
  { broker: 'moto', fifo: false, orders: 100 },
  { broker: 'moto', fifo: true, orders: 100 },
];

/** The URL of a region in which no earlier run has left anything. */
export async function emptySqs(
  { broker, fifo }: EmulatedSqs,
  region: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { endpoint = '', credentials } = awsClientOptions(broker);
  const sqs = new SQSClient({ endpoint, region, ...(credentials && { credentials }) });
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand());
  for (const QueueUrl of QueueUrls) await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  sqs.destroy();
  const url = new URL(endpoint.replace(/^http/, 'sqs'));
  url.username = credentials?.accessKeyId ?? '';
  url.password = credentials?.secretAccessKey ?? '';
  url.search = new URLSearchParams({ region, fifo: String(fifo), ...parameters }).toString();
  return url.href;
}
