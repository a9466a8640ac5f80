import type { _Record as NativeRecord } from '@aws-sdk/client-kinesis';
import {
  decodeEnvelope,
  IntermodalError,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import { fromDecimal, hashKeyOf, type HashRange, isWithin } from './hash-key.ts';
import { decodeAggregate, type UserRecord } from './kpl-format.ts';
import { formatPosition } from './position.ts';
import { redriveControl } from './record.ts';

/** How records of one shard are read. */
export interface ReadForm {
  readonly channel: string;
  readonly group: string;
  /** Dead letters of all groups are in one stream. */
  readonly role: 'main' | 'dead-letter';
  readonly shardId: string;
  /** Of the shard. */
  readonly range: HashRange;
  readonly envelope: 'cloudevents' | 'none';
}

/** A message of a record. */
export interface ReadMessage {
  readonly sequence: string;
  /** Where it stands in an aggregated record; 0 in a plain one. */
  readonly sub: number;
  readonly position: string;
  readonly message: WireMessage;
  /** What it is alone with its fault: the messages around it go on. */
  readonly undecodable: IntermodalError | undefined;
  readonly native: NativeRecord;
}

/** What the service may leave out, it never does for a record that was read. */
type Parts = Pick<UserRecord, 'data'> & { readonly partitionKey: string | undefined };

const noHeaders: ReadonlyMap<string, string> = new Map();

/** The messages of a record in their order, without those that are meant for nobody here. Never throws. */
export function readRecord(native: NativeRecord, form: ReadForm): readonly ReadMessage[] {
  const { Data: data = new Uint8Array(), PartitionKey: partitionKey } = native;
  const inner = decodeAggregate(data);
  if (inner === undefined) return readPart({ data, partitionKey }, 0, native, form);
  // As the Kinesis Client Library does: it was aggregated for another shard, before the stream was resharded, and its
  // publisher sends it again.
  if (!inner.every((part) => belongsTo(form.range, part))) return [];
  return inner.flatMap((part, sub) => readPart(part, sub, native, form));
}

function belongsTo(range: HashRange, { partitionKey, hashKey }: UserRecord): boolean {
  return isWithin(range, hashKey === undefined ? hashKeyOf(partitionKey) : fromDecimal(hashKey));
}

function readPart(
  { data, partitionKey }: Parts,
  sub: number,
  native: NativeRecord,
  form: ReadForm,
): readonly ReadMessage[] {
  const sequence = native.SequenceNumber ?? '';
  const position = formatPosition({ shardId: form.shardId, sequence, sub });
  const foreign: WireMessage = {
    id: position,
    channel: form.channel,
    key: partitionKey,
    publishedAt: native.ApproximateArrivalTimestamp?.getTime(),
    headers: noHeaders,
    body: data,
  };
  try {
    const message = messageOf(data, foreign, form);
    if (message === undefined) return [];
    return [{ sequence, sub, position, message, undecodable: undefined, native }];
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, {
      code: 'invalid-message',
      transport: 'kinesis',
    });
    return [{ sequence, sub, position, message: foreign, undecodable, native }];
  }
}

/** Undefined for what is not meant for this group: a control message, or another group's dead letter. */
function messageOf(
  data: Uint8Array,
  foreign: WireMessage,
  { channel, group, role, envelope }: ReadForm,
): WireMessage | undefined {
  if (envelope === 'none' || !isJsonObject(data)) return foreign;
  const message = decodeEnvelope(data, channel);
  if (message === undefined) return foreign;
  const origin = role === 'main' ? undefined : message.headers.get(wireNames.origin);
  // `<transport>:<channel>/<group>`
  if (origin !== undefined && !origin.endsWith(`:${channel}/${group}`)) return undefined;
  const control = message.headers.get(wireNames.control);
  if (control === undefined) return message;
  if (control !== `${redriveControl}${group}`) return undefined;
  const headers = new Map(message.headers);
  headers.delete(wireNames.control);
  return { ...message, headers };
}

/** Anything else is no CloudEvent, and what looks like one and is not JSON is a body as it is. */
function isJsonObject(data: Uint8Array): boolean {
  return data[0] === 0x7b;
}
