/** What an SNS subscription without raw delivery wraps a message in, taken apart. */
export interface Notification {
  readonly id: string;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly publishedAt: number | undefined;
}

const topicArn = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;

/**
 * Nothing unless every member that SNS always writes is there: an application's own JSON with a `Message` of its own
 * must stay as it is.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function unwrapNotification(text: string): Notification | undefined {
  // Most bodies are no envelope, and need not be parsed to know it.
  if (!text.startsWith('{') || !text.includes('"TopicArn"') || !text.includes('"Notification"'))
    return undefined;
  const envelope = parse(text);
  if (envelope === undefined || envelope['Type'] !== 'Notification') return undefined;
  const { MessageId: id, Message: body, TopicArn: topic, Timestamp: timestamp } = envelope;
  if (typeof id !== 'string' || typeof body !== 'string' || typeof timestamp !== 'string')
    return undefined;
  if (typeof topic !== 'string' || !topicArn.test(topic)) return undefined;
  const publishedAt = Date.parse(timestamp);
  const headers = stringAttributes(envelope['MessageAttributes']);
  return { id, body, headers, publishedAt: Number.isNaN(publishedAt) ? undefined : publishedAt };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stringAttributes(attributes: unknown): Map<string, string> {
  const found = new Map<string, string>();
  if (!isRecord(attributes)) return found;
  for (const [name, attribute] of Object.entries(attributes)) {
    if (!isRecord(attribute) || attribute['Type'] === 'Binary') continue;
    if (typeof attribute['Value'] === 'string') found.set(name, attribute['Value']);
  }
  return found;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
