import { type IntermodalError, type WireMessage, wireNames } from '@intermodal/core/driver';
import { type ReadMessage, readMessage } from '@intermodal/sqs/driver';
import type { SnsNotification } from './envelope.ts';

/** What no attribute may decide, since attributes are not signed: which message it is, and whether it is one. */
const notBelieved: readonly string[] = [wireNames.id, wireNames.control];

export interface EndpointMessage {
  readonly message: WireMessage;
  readonly undecodable: IntermodalError | undefined;
}

/** As a queue would hold it, with the id that SNS signed. */
export function messageOf(notification: SnsNotification, channel: string): EndpointMessage {
  const { id, message: Body, timestamp, attributes } = notification;
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes)
      .filter(([name, { Type }]) => !notBelieved.includes(name) && !Type.startsWith('Binary'))
      .map(([name, { Type, Value }]) => [name, { DataType: Type, StringValue: Value }]),
  );
  const read = readNotification({ MessageId: id, Body, MessageAttributes }, channel);
  const headers = new Map(read.message.headers);
  for (const name of notBelieved) headers.delete(name);
  const publishedAt = read.message.publishedAt ?? Date.parse(timestamp);
  return { message: { ...read.message, id, headers, publishedAt }, undecodable: read.undecodable };
}

function readNotification(native: Parameters<typeof readMessage>[0], channel: string): ReadMessage {
  return readMessage(native, { channel, checksum: 'none', snsEnvelopes: 'keep' });
}
