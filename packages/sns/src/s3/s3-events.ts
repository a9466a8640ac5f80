import { bodyText, IntermodalError } from '@intermodal/core/driver';
import type { Codec } from '@intermodal/core';
import { unwrapNotification } from '@intermodal/sqs/driver';
import { isRecord, stringIn } from '../json.ts';

/** Something that happened to an object of a bucket. */
export interface S3Event {
  /** `ObjectCreated:Put`, without the `s3:` of configurations. */
  readonly name: string;
  readonly bucket: string;
  /** As the object is named, not as the event writes it. */
  readonly key: string;
  readonly region: string;
  readonly at: Date;
  /** Absent where the object is gone. */
  readonly sizeBytes?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  /** Hexadecimal: of two events of one key the later has the greater, the shorter filled with zeros on its right. */
  readonly sequencer?: string;
}

/** `test` is what S3 sends once, when notifications are configured. */
export type S3Notification =
  | { readonly type: 'test'; readonly bucket: string; readonly at: Date }
  | { readonly type: 'events'; readonly events: readonly S3Event[] };

/**
 * What S3 sends to topics and queues, directly or in the envelope of SNS.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const s3Events: Codec<S3Notification> = {
  contentType: 'application/json',
  encode: (notification) => JSON.stringify(written(notification)),
  decode(body) {
    const text = bodyText(body);
    const notification = read(parsed(unwrapNotification(text)?.body ?? text));
    if (notification !== undefined) return notification;
    throw new IntermodalError('invalid-message', 'the body is no event notification of S3');
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read(value: unknown): S3Notification | undefined {
  if (!isRecord(value)) return undefined;
  if (value['Event'] === 's3:TestEvent') {
    const bucket = stringIn(value, 'Bucket');
    const at = dateIn(value, 'Time');
    return bucket === undefined || at === undefined ? undefined : { type: 'test', bucket, at };
  }
  const records = value['Records'];
  if (!Array.isArray(records)) return undefined;
  const events = records.map(eventOf);
  return events.every((event) => event !== undefined) ? { type: 'events', events } : undefined;
}

function eventOf(record: unknown): S3Event | undefined {
  const s3 = recordIn(record, 's3');
  const bucket = stringOf(recordIn(s3, 'bucket'), 'name');
  const object = recordIn(s3, 'object');
  const key = decodedKey(stringOf(object, 'key'));
  const name = stringOf(record, 'eventName');
  const region = stringOf(record, 'awsRegion');
  const at = isRecord(record) ? dateIn(record, 'eventTime') : undefined;
  if (bucket === undefined || object === undefined || key === undefined) return undefined;
  if (name === undefined || region === undefined || at === undefined) return undefined;
  const { size } = object;
  const eTag = stringIn(object, 'eTag');
  const versionId = stringIn(object, 'versionId');
  const sequencer = stringIn(object, 'sequencer');
  return {
    name,
    bucket,
    key,
    region,
    at,
    ...(typeof size === 'number' ? { sizeBytes: size } : {}),
    ...(eTag === undefined ? {} : { eTag }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(sequencer === undefined ? {} : { sequencer }),
  };
}

/** Written as in a form: a space is a plus sign. */
function decodedKey(key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function written(notification: S3Notification): object {
  if (notification.type === 'test') {
    const { bucket: Bucket, at } = notification;
    return { Service: 'Amazon S3', Event: 's3:TestEvent', Time: at.toISOString(), Bucket };
  }
  return { Records: notification.events.map(recordOf) };
}

function recordOf(event: S3Event): object {
  const { name, bucket, key, region, at, sizeBytes, eTag, versionId, sequencer } = event;
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: at.toISOString(),
    eventName: name,
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'),
        size: sizeBytes,
        eTag,
        versionId,
        sequencer,
      },
    },
  };
}

function recordIn(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  const inner = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isRecord(inner) ? inner : undefined;
}

function stringOf(value: unknown, name: string): string | undefined {
  return isRecord(value) ? stringIn(value, name) : undefined;
}

function dateIn(record: Readonly<Record<string, unknown>>, name: string): Date | undefined {
  const text = stringIn(record, name);
  const at = new Date(text ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}
