import { isRecord, stringIn } from '../json.ts';

/** What the signature is made over, beside the message itself. */
export interface SnsSigned {
  readonly version: string;
  readonly signature: string;
  readonly certificateUrl: string;
}

/** What all that SNS sends has. */
export interface SnsMessage {
  readonly id: string;
  readonly topicArn: string;
  readonly message: string;
  /** As it was written: the signature is over this text. */
  readonly timestamp: string;
  readonly signed: SnsSigned;
}

/** A published message. Its attributes are not signed: whoever can send it again can change them. */
export interface SnsNotification extends SnsMessage {
  readonly type: 'Notification';
  readonly subject: string | undefined;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/** SNS asks whether the endpoint wants what it was subscribed to, or says that it will be sent no more. */
export interface SnsConfirmation extends SnsMessage {
  readonly type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  readonly token: string;
  readonly subscribeUrl: string;
}

export type SnsEnvelope = SnsNotification | SnsConfirmation;

/**
 * Nothing where a member is missing or is no text: no value is ever turned into text, which is how a list or an object
 * could be signed as one thing and read as another.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function parseEnvelope(body: Uint8Array): SnsEnvelope | undefined {
  const json = parse(body);
  if (json === undefined) return undefined;
  const text = (name: string): string | undefined => stringIn(json, name);
  const id = text('MessageId');
  const topicArn = text('TopicArn');
  const message = text('Message');
  const timestamp = text('Timestamp');
  const version = text('SignatureVersion');
  const signature = text('Signature');
  const certificateUrl = text('SigningCertURL');
  if (id === undefined || topicArn === undefined || message === undefined) return undefined;
  if (timestamp === undefined || version === undefined) return undefined;
  if (signature === undefined || certificateUrl === undefined) return undefined;
  const common = {
    id,
    topicArn,
    message,
    timestamp,
    signed: { version, signature, certificateUrl },
  };
  const type = text('Type');
  switch (type) {
    case 'Notification': {
      const subject = json['Subject'] ?? undefined;
      const attributes = attributesIn(json['MessageAttributes'] ?? {});
      if (attributes === undefined) return undefined;
      if (subject !== undefined && typeof subject !== 'string') return undefined;
      return { ...common, type, subject, attributes };
    }
    case 'SubscriptionConfirmation':
    case 'UnsubscribeConfirmation': {
      const token = text('Token');
      const subscribeUrl = text('SubscribeURL');
      if (token === undefined || subscribeUrl === undefined) return undefined;
      return { ...common, type, token, subscribeUrl };
    }
    case undefined:
    default:
      return undefined;
  }
}

/** Name and value of each signed member that is there, a line each. @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
export function textToSign(envelope: SnsEnvelope): string {
  const { id, topicArn, message, timestamp, type } = envelope;
  const members: readonly (readonly [string, string | undefined])[] =
    envelope.type === 'Notification'
      ? [
          ['Message', message],
          ['MessageId', id],
          ['Subject', envelope.subject],
          ['Timestamp', timestamp],
          ['TopicArn', topicArn],
          ['Type', type],
        ]
      : [
          ['Message', message],
          ['MessageId', id],
          ['SubscribeURL', envelope.subscribeUrl],
          ['Timestamp', timestamp],
          ['Token', envelope.token],
          ['TopicArn', topicArn],
          ['Type', type],
        ];
  return members
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(body));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function attributesIn(given: unknown): SnsNotification['attributes'] | undefined {
  if (!isRecord(given)) return undefined;
  const found: Record<string, { readonly Type: string; readonly Value: string }> = Object.create(
    null,
  ) as Record<string, never>;
  for (const [name, attribute] of Object.entries(given)) {
    const Type = isRecord(attribute) ? stringIn(attribute, 'Type') : undefined;
    const Value = isRecord(attribute) ? stringIn(attribute, 'Value') : undefined;
    if (Type === undefined || Value === undefined) return undefined;
    found[name] = { Type, Value };
  }
  return found;
}
