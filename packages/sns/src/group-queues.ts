import type { Address, Admin, ProvisionPlan, Transport } from '@intermodal/core/driver';
import { type SqsDriver, sqsDriver } from '@intermodal/sqs/driver';
import { type Clients, queueConnection } from './clients.ts';
import type { SnsTransportOptions } from './options.ts';

/** The queues of all groups: what SNS delivers, SQS receives, settles and counts. */
export interface GroupQueues {
  readonly driver: SqsDriver<boolean | undefined>;
  readonly admin: Required<Admin>;
  readonly openReceiver: NonNullable<Transport['openReceiver']>;
  /** With leave for the channel's topic to deliver, and to its dead letters where it cannot. */
  provision(address: Address, plan: ProvisionPlan, signal: AbortSignal): Promise<void>;
}

export function createGroupQueues(
  options: SnsTransportOptions,
  clients: Clients,
  topicArn: (channel: string) => Promise<string>,
): GroupQueues {
  const { fifo, queues = {}, provisioning: { highThroughput } = {} } = options;
  /** Known before a queue is made: its policy names the topic. */
  const arns = new Map<string, string>();
  const driver = sqsDriver({
    ...queueConnection(options, clients.main),
    ...queues,
    ...(fifo === undefined ? {} : { fifo }),
    ...(options.fairQueues === undefined ? {} : { fairQueues: options.fairQueues }),
    ...(options.requestTimeoutMs === undefined
      ? {}
      : { requestTimeoutMs: options.requestTimeoutMs }),
    naming: queues.naming ?? queueName,
    provisioning: {
      ...queues.provisioning,
      ...(highThroughput === undefined ? {} : { highThroughput }),
      access({ channel }) {
        const arn = arns.get(channel);
        return arn === undefined ? {} : { topics: [arn] };
      },
    },
  });
  const { admin, openReceiver } = driver as Required<Transport> & {
    readonly admin: Required<Admin>;
  };
  return {
    driver,
    admin,
    openReceiver,
    async provision(address, plan, signal) {
      arns.set(address.channel, await topicArn(address.channel));
      await admin.provision(address, plan, signal);
    },
  };
}

/** `orders_billing`, `orders_billing_dlq`: names of channels and groups have no underscore, so none can collide. */
function queueName({ channel, group = channel, role }: Address): string {
  return role === 'main' ? `${channel}_${group}` : `${channel}_${group}_dlq`;
}
