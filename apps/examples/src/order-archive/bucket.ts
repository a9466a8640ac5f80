import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { decodeEnvelope } from '@intermodal/core/driver';
import type { FirehoseStreamSettings } from '@intermodal/firehose';
import { awsClientOptions } from '@intermodal/brokers';
import { archive, type Order } from './orders.ts';

/** An order as it lies in the bucket. */
export interface Archived {
  /** Of the message: the same however often it was written. */
  readonly id: string;
  readonly order: Order;
}

/** The bucket behind the delivery stream. */
export interface Bucket {
  /** What `provision` creates the delivery stream with. */
  readonly destination: FirehoseStreamSettings;
  read(): Promise<readonly Archived[]>;
  close(): void;
}

const name = 'orders-archive';

export async function createBucket(endpoint: string): Promise<Bucket> {
  const options = awsClientOptions('moto', {}, endpoint);
  // The bucket's name stands in the path: the emulator has one host.
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: name }));

  async function* lines(): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: name, ContinuationToken: token }),
      );
      for (const { Key } of page.Contents ?? []) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key }));
        const text = (await Body?.transformToString()) ?? '';
        yield* text.split('\n').slice(0, -1);
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  return {
    destination: {
      ExtendedS3DestinationConfiguration: {
        RoleARN: 'arn:aws:iam::123456789012:role/firehose',
        BucketARN: `arn:aws:s3:::${name}`,
        Prefix: 'orders/',
      },
    },
    async read() {
      const found: Archived[] = [];
      for await (const line of lines()) {
        const message = decodeEnvelope(line, archive.name);
        if (message === undefined) throw new Error('a line of the archive is no message');
        const order = archive.codec.decode(message.body) as Order;
        found.push({ id: message.id, order });
      }
      return found;
    },
    close() {
      s3.destroy();
    },
  };
}
