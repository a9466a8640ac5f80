import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Connection } from './connection.ts';

/** A bucket that tells a topic what happens in it. */
export interface Bucket {
  put(key: string, body: string): Promise<void>;
  remove(key: string): Promise<void>;
  close(): void;
}

/** The topic must let the bucket publish by now: S3 sends its test event at once, and refuses what it may not tell. */
export async function createBucket(
  connection: Connection,
  Bucket: string,
  TopicArn: string,
): Promise<Bucket> {
  const client = new S3Client({ ...connection, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] }],
      },
    }),
  );
  return {
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    close: () => {
      client.destroy();
    },
  };
}
