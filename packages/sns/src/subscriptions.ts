import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import {
  type Difference,
  subscriptionDifferences,
  type WantedSubscription,
  wantedSubscription,
} from './differences.ts';
import type { TopicAt } from './topics.ts';

/** Resolves with the ARN of the queue's subscription, if it has one. */
export async function findSubscription(
  { client, arn, place }: TopicAt,
  queueArn: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  let NextToken: string | undefined;
  do {
    const page: ListSubscriptionsByTopicCommand = new ListSubscriptionsByTopicCommand({
      TopicArn: arn,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    const answer = await ask(client.send(page, { abortSignal }), place);
    const found = answer.Subscriptions?.find(({ Endpoint }) => Endpoint === queueArn);
    if (found !== undefined) return found.SubscriptionArn;
    NextToken = answer.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  return undefined;
}

/** Subscribes the queue if it is not; resolves with the subscription's ARN. */
export async function subscribe(
  topic: TopicAt,
  queueArn: string,
  wanted: WantedSubscription,
  abortSignal: AbortSignal,
): Promise<string> {
  const { client, arn, place } = topic;
  const there = await findSubscription(topic, queueArn, abortSignal);
  if (there !== undefined) return there;
  const command = new SubscribeCommand({
    TopicArn: arn,
    Protocol: 'sqs',
    Endpoint: queueArn,
    Attributes: wantedSubscription(wanted),
    ReturnSubscriptionArn: true,
  });
  try {
    const { SubscriptionArn = '' } = await ask(client.send(command, { abortSignal }), place);
    return SubscriptionArn;
  } catch (error) {
    // Another process was faster and wants it otherwise; what differs is set afterwards.
    if (!IntermodalError.is(error, 'invalid-argument')) throw error;
    const made = await findSubscription(topic, queueArn, abortSignal);
    if (made === undefined) throw error;
    return made;
  }
}

export async function inspectSubscription(
  { client, place }: TopicAt,
  subscriptionArn: string,
  wanted: WantedSubscription,
  abortSignal: AbortSignal,
): Promise<readonly Difference[]> {
  const command = new GetSubscriptionAttributesCommand({ SubscriptionArn: subscriptionArn });
  const { Attributes = {} } = await ask(client.send(command, { abortSignal }), place);
  return subscriptionDifferences(Attributes, wanted);
}

/** One after another, in the order of the differences. */
export async function adjustSubscription(
  { client, place }: TopicAt,
  subscriptionArn: string,
  differences: readonly Difference[],
  abortSignal: AbortSignal,
): Promise<void> {
  for (const { attribute } of differences) {
    if (attribute === undefined) continue;
    const [AttributeName, AttributeValue] = attribute;
    const command = new SetSubscriptionAttributesCommand({
      SubscriptionArn: subscriptionArn,
      AttributeName,
      AttributeValue,
    });
    await ask(client.send(command, { abortSignal }), place);
  }
}

export async function unsubscribe(
  topic: TopicAt,
  queueArn: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const SubscriptionArn = await findSubscription(topic, queueArn, abortSignal);
  if (SubscriptionArn === undefined) return;
  const command = new UnsubscribeCommand({ SubscriptionArn });
  await ask(topic.client.send(command, { abortSignal }), topic.place);
}
