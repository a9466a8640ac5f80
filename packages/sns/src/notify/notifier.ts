import { PublishCommand, type PublishCommandInput } from '@aws-sdk/client-sns';
import { ask } from '../ask.ts';
import { type SnsClientOptions, createClients } from '../clients.ts';
import { invalid } from '../invalid.ts';
import { checkSubject } from '../message.ts';
import { payloadText, type SnsPayload } from './payload.ts';

export interface SmsOptions {
  /** Shown as the sender where the country allows it: 1 to 11 letters and digits. */
  readonly senderId?: string;
  /** `Transactional` is delivered most surely, `Promotional` most cheaply. @defaultValue the account's */
  readonly type?: 'Promotional' | 'Transactional';
  /** Not sent where it costs more, US dollars. @defaultValue the account's */
  readonly maxPriceUsd?: number;
  readonly signal?: AbortSignal;
}

export interface TopicOptions {
  /** For e-mail: up to 99 characters in one line. */
  readonly subject?: string;
  readonly signal?: AbortSignal;
}

/** What SNS took. */
export interface Notified {
  readonly id: string;
}

/** Messages to people and devices, which no channel receives. Nothing is sent again: SNS may have taken what failed. */
export interface SnsNotifier extends Disposable {
  /**
   * To the endpoint of one device.
   *
   * @throws `endpoint-disabled` once its token is no longer valid: register the device anew and enable the endpoint
   */
  push(
    endpointArn: string,
    payload: SnsPayload,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Notified>;
  /** To one phone, its number in E.164: `+41790000000`. @throws `rejected` where it has opted out */
  sms(phoneNumber: string, text: string, options?: SmsOptions): Promise<Notified>;
  /** To all subscribers of a topic, to each in the form of its protocol; attributes and filters on them are left out. */
  topic(topicArn: string, payload: SnsPayload, options?: TopicOptions): Promise<Notified>;
  close(): void;
}

const mostCharacters = 1_600;

/** @throws `invalid-argument` for what is no ARN, number or payload, before anything is sent */
export function snsNotifier(options: SnsClientOptions = {}): SnsNotifier {
  const clients = createClients(options);

  async function publish(
    input: PublishCommandInput,
    region: string | undefined,
    place: string,
    signal: AbortSignal | undefined,
  ): Promise<Notified> {
    const client = region === undefined ? clients.main : await clients.in(region);
    const sending = client.send(
      new PublishCommand(input),
      signal === undefined ? {} : { abortSignal: signal },
    );
    const { MessageId: id = '' } = await ask(sending, place);
    return { id };
  }

  return {
    async push(endpointArn, payload, { signal } = {}) {
      const region = regionOf(endpointArn, /^endpoint\//, 'an endpoint');
      const Message = payloadText(payload);
      const input = { TargetArn: endpointArn, Message, MessageStructure: 'json' };
      // An ARN of an endpoint names the device, so it stands in no error.
      return publish(input, region, 'sns endpoint', signal);
    },

    async sms(phoneNumber, text, smsOptions = {}) {
      if (!/^\+[1-9]\d{1,14}$/.test(phoneNumber))
        throw invalid('a phone number is written in E.164: +, the country, the number, no spaces');
      if (text === '' || text.length > mostCharacters)
        throw invalid(`an SMS has 1 to ${mostCharacters} characters`);
      const MessageAttributes = smsAttributes(smsOptions);
      const input = { PhoneNumber: phoneNumber, Message: text, MessageAttributes };
      return publish(input, undefined, 'sns sms', smsOptions.signal);
    },

    async topic(topicArn, payload, { subject, signal } = {}) {
      const region = regionOf(topicArn, /^[A-Za-z0-9_-]+$/, 'a standard topic');
      const place = `sns topic '${topicArn}'`;
      if (subject !== undefined) checkSubject(subject, place);
      const input = {
        TopicArn: topicArn,
        Message: payloadText(payload),
        MessageStructure: 'json',
        ...(subject === undefined ? {} : { Subject: subject }),
      };
      return publish(input, region, place, signal);
    },

    close: clients.destroy,
    [Symbol.dispose]: clients.destroy,
  };
}

/** @throws `invalid-argument` */
function regionOf(arn: string, resource: RegExp, what: string): string {
  const [start, partition = '', service, region, account, name = '', ...more] = arn.split(':');
  const isOf = start === 'arn' && partition.startsWith('aws') && service === 'sns';
  if (isOf && region && /^\d{12}$/.test(account ?? '') && resource.test(name) && more.length === 0)
    return region;
  throw invalid(`what should be the ARN of ${what} is none`);
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html */
function smsAttributes({
  senderId,
  type,
  maxPriceUsd,
}: SmsOptions): NonNullable<PublishCommandInput['MessageAttributes']> {
  if (senderId !== undefined && !/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/.test(senderId))
    throw invalid('senderId has 1 to 11 letters and digits, and at least one letter');
  if (maxPriceUsd !== undefined && !(maxPriceUsd >= 0 && Number.isFinite(maxPriceUsd)))
    throw invalid('maxPriceUsd must be a number from 0');
  const given = [
    ['AWS.SNS.SMS.SenderID', 'String', senderId],
    ['AWS.SNS.SMS.SMSType', 'String', type],
    ['AWS.SNS.SMS.MaxPrice', 'Number', maxPriceUsd?.toString()],
  ] as const;
  return Object.fromEntries(
    given.flatMap(([name, DataType, StringValue]) =>
      StringValue === undefined ? [] : [[name, { DataType, StringValue }]],
    ),
  );
}
