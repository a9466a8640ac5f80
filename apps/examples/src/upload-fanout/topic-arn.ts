import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Connection } from './connection.ts';

/** Who asks for a topic that is there, and for nothing about it, is told its ARN. */
export async function topicArnOf(connection: Connection, name: string): Promise<string> {
  const client = new SNSClient(connection);
  const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: name }));
  client.destroy();
  return TopicArn;
}
