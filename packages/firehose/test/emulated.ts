import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { awsClientOptions } from '@intermodal/brokers';
import type { FirehoseStreamSettings, FirehoseTransportOptions } from '../src/index.ts';

const roleArn = 'arn:aws:iam::123456789012:role/firehose';

/** A bucket that delivery streams write into, read back by the tests. */
export interface Bucket {
  readonly arn: string;
  /** Everything under a prefix, in the order of its objects' names: by time, and within a second by chance. */
  read(prefix: string): Promise<Buffer>;
  close(): void;
}

export async function newBucket(endpoint: string): Promise<Bucket> {
  // The bucket's name stands in the path, since the emulator has one host.
  const s3 = new S3Client({ ...awsClientOptions('moto', {}, endpoint), forcePathStyle: true });
  const name = `bucket-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return {
    arn: `arn:aws:s3:::${name}`,
    async read(prefix) {
      const parts: Uint8Array[] = [];
      let token: string | undefined;
      do {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket: name, Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Key } of page.Contents ?? []) {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key }));
          parts.push((await Body?.transformToByteArray()) ?? new Uint8Array());
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return Buffer.concat(parts);
    },
    close() {
      s3.destroy();
    },
  };
}

/** A destination in the bucket, with the channel as the prefix. */
export function into(
  bucketArn: string,
): (address: { readonly channel: string }) => FirehoseStreamSettings {
  return ({ channel }) => ({
    ExtendedS3DestinationConfiguration: {
      RoleARN: roleArn,
      BucketARN: bucketArn,
      Prefix: `${channel}/`,
    },
  });
}

export function emulated(endpoint: string): FirehoseTransportOptions {
  return awsClientOptions('moto', {}, endpoint);
}
