import {
  CreateTopicCommand,
  InvalidParameterException,
  type MessageAttributeValue,
  PublishBatchCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { policyText, scopeText } from '../src/filter/policy-text.ts';
import type { FilteredMessage, SnsFilter } from '../src/index.ts';

export interface LabMessage extends FilteredMessage {
  readonly attributes: Readonly<Record<string, { DataType: string; StringValue: string }>>;
}

/**
 * Which messages an emulator delivers to a subscription with each filter: one list of indexes a filter,
 * empty where it refuses the filter.
 */
export async function deliveredBy(
  broker: AwsBroker,
  filters: readonly SnsFilter[],
  messages: readonly LabMessage[],
): Promise<number[][]> {
  const options = awsClientOptions(broker);
  const sns = new SNSClient(options);
  const sqs = new SQSClient({ ...options, md5: false });
  const name = `filters-${crypto.randomUUID().slice(0, 8)}`;
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  const urls: (string | undefined)[] = [];
  for (const [index, filter] of filters.entries()) {
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: `${name}-${index}` }),
    );
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    const subscribe = new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicyScope: scopeText(filter),
        FilterPolicy: policyText(filter),
      },
    });
    const isTaken = await sns.send(subscribe).then(
      () => true,
      (error: unknown) => {
        // An operator that it does not know. moto subscribes all the same, and without any filter.
        if (error instanceof InvalidParameterException) return false;
        throw error;
      },
    );
    urls.push(isTaken ? QueueUrl : undefined);
  }
  for (let from = 0; from < messages.length; from += 10) {
    const PublishBatchRequestEntries = messages
      .slice(from, from + 10)
      .map(({ body, attributes }, index) => ({
        Id: String(index),
        Message: body,
        MessageAttributes: {
          // As a string in its own right: no filter of ours names it.
          'lab.index': { DataType: 'String', StringValue: `#${from + index}` },
          ...attributes,
        } satisfies Record<string, MessageAttributeValue>,
      }));
    const { Failed = [] } = await sns.send(
      new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }),
    );
    if (Failed.length > 0) throw new Error(`${broker} refused ${JSON.stringify(Failed)}`);
  }
  const delivered: number[][] = [];
  for (const url of urls) delivered.push(url === undefined ? [] : await indexesIn(sqs, url));
  sns.destroy();
  sqs.destroy();
  return delivered;
}

/** The emulators deliver before they answer the publish, so that an empty queue has no more to come. */
async function indexesIn(sqs: SQSClient, QueueUrl: string): Promise<number[]> {
  const found = new Set<number>();
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 600,
      }),
    );
    if (Messages.length === 0) return [...found].toSorted((one, other) => one - other);
    for (const { MessageAttributes } of Messages)
      found.add(Number(MessageAttributes?.['lab.index']?.StringValue?.slice(1)));
  }
}
