import type { PublishBatchRequestEntry } from '@aws-sdk/client-sns';
import { IntermodalError, type WireMessage } from '@intermodal/core/driver';
import { type WireForm, writeEntry, type Written } from '@intermodal/sqs/driver';
import type { SnsAttributeTypes } from './options.ts';

/** How messages to one topic are written. */
export interface TopicForm extends WireForm {
  readonly dataTypes?: SnsAttributeTypes | undefined;
  readonly subject?: ((message: WireMessage) => string | undefined) | undefined;
}

/** A batch entry without the id that only its batch can give. */
export type TopicEntry = Omit<PublishBatchRequestEntry, 'Id'>;

/** From -10⁹ to 10⁹ with five digits behind the point: more is not compared as it stands. */
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * As the queues of the groups will hold it: what SQS cannot carry, SNS would drop on the way to them.
 *
 * @throws `too-large`, `invalid-message`
 */
export function writeTopicEntry(message: WireMessage, form: TopicForm): Written<TopicEntry> {
  checkTyped(message, form);
  const { entry, bytes, lane } = writeEntry(message, form);
  const { MessageBody: Message, MessageSystemAttributes: _, ...rest } = entry;
  const Subject = form.subject?.(message);
  if (Subject === undefined) return { entry: { Message, ...rest }, bytes, lane };
  checkSubject(Subject, form.place);
  return { entry: { Message, Subject, ...rest }, bytes, lane };
}

/** SNS would take the attribute and match no filter with it, or refuse the whole batch. */
function checkTyped({ headers }: WireMessage, { dataTypes = {}, place }: TopicForm): void {
  for (const [name, type] of Object.entries(dataTypes)) {
    const value = headers.get(name);
    if (value === undefined) continue;
    const isRight = type === 'Number' ? numberPattern.test(value) : isArray(value);
    if (isRight) continue;
    const what = type === 'Number' ? 'a number' : 'a JSON array of strings, numbers and booleans';
    throw invalidMessage(`header '${name}' must be ${what}, as attributeTypes says`, place);
  }
}

function isArray(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      Array.isArray(value) &&
      value.every((one) => one === null || ['string', 'number', 'boolean'].includes(typeof one))
    );
  } catch {
    return false;
  }
}

/** @throws `invalid-message` @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export function checkSubject(subject: string, place: string): void {
  if (subject !== '' && subject.length < 100 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(subject)) return;
  throw invalidMessage('the subject must be one line of 1 to 99 characters', place);
}

function invalidMessage(text: string, place: string): IntermodalError {
  return new IntermodalError('invalid-message', `${place}: ${text}`, {
    transport: 'sns',
    address: place,
  });
}
