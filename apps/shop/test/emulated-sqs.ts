import { type AwsBroker, awsClientOptions, startOwnBroker } from '@intermodal/brokers';

/** SQS on an emulator. */
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

export interface OwnSqs extends AsyncDisposable {
  readonly url: string;
}

/** One of its own, since the shop has the same queues wherever it runs. */
export async function startSqs(
  { broker, fifo }: EmulatedSqs,
  parameters: Readonly<Record<string, string>> = {},
): Promise<OwnSqs> {
  const own = await startOwnBroker(broker);
  const { region, endpoint = '', credentials } = awsClientOptions(broker, own.environment);
  const url = new URL(endpoint.replace(/^http/, 'sqs'));
  url.username = credentials?.accessKeyId ?? '';
  url.password = credentials?.secretAccessKey ?? '';
  url.search = new URLSearchParams({ region, fifo: String(fifo), ...parameters }).toString();
  return { url: url.href, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}
