import { sign } from 'node:crypto';
import { parseEnvelope, textToSign } from '../src/http/envelope.ts';
import { type MadeCertificate, makeCertificate } from './certificate.ts';

export const topicArn = 'arn:aws:sns:eu-west-1:123456789012:orders';
export const certificateUrl =
  'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem';

/** The one certificate of the tests: a key takes time to make. */
export const genuine: MadeCertificate = makeCertificate();

export type Members = Readonly<Record<string, unknown>>;

export function notification(changes: Members = {}): Members {
  return {
    Type: 'Notification',
    MessageId: crypto.randomUUID(),
    TopicArn: topicArn,
    Message: '{"n":1}',
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: certificateUrl,
    UnsubscribeURL: `https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe`,
    ...changes,
  };
}

export function confirmation(changes: Members = {}): Members {
  return {
    ...notification(),
    Type: 'SubscriptionConfirmation',
    Message: 'You have chosen to subscribe',
    Token: '2336412f37',
    SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription',
    ...changes,
  };
}

/** With the signature that SNS would make of it, whatever else is wrong. */
export function signed(members: Members, { privateKey }: MadeCertificate = genuine): Members {
  const unsigned = { ...members, Signature: 'AAAA' };
  const envelope = parseEnvelope(Buffer.from(JSON.stringify(unsigned)));
  if (envelope === undefined) throw new Error('only what is an envelope can be signed');
  const algorithm = members['SignatureVersion'] === '1' ? 'sha1' : 'sha256';
  const Signature = sign(algorithm, Buffer.from(textToSign(envelope)), privateKey);
  return { ...members, Signature: Signature.toString('base64') };
}

/** As SNS sends it. */
export function requestOf(
  members: Members,
  headers: Readonly<Record<string, string>> = {},
): Request {
  return new Request('http://shop.example/sns', {
    method: 'POST',
    headers: {
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': String(members['Type']),
      ...headers,
    },
    body: JSON.stringify(members),
  });
}
