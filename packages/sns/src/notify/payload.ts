import { invalid } from '../invalid.ts';

/** The platforms of mobile push, by the names that SNS gives them. */
export type SnsPlatform =
  | 'ADM'
  | 'APNS'
  | 'APNS_SANDBOX'
  | 'APNS_VOIP'
  | 'APNS_VOIP_SANDBOX'
  | 'GCM';

/** Protocols of subscriptions that can be sent a text of their own. */
export type SnsProtocol =
  | 'application'
  | 'email'
  | 'email-json'
  | 'firehose'
  | 'http'
  | 'https'
  | 'lambda'
  | 'sms'
  | 'sqs';

/** A message with a form for each platform or protocol; `default` is for all others. */
export type SnsPayload = { readonly default: string } & {
  /** Objects, as Apple and Google document them; they travel as text in JSON. */
  readonly [P in SnsPlatform]?: object;
} & { readonly [P in SnsProtocol]?: string };

const platforms: ReadonlySet<string> = new Set<SnsPlatform>([
  'ADM',
  'APNS',
  'APNS_SANDBOX',
  'APNS_VOIP',
  'APNS_VOIP_SANDBOX',
  'GCM',
]);
const protocols: ReadonlySet<string> = new Set<SnsProtocol>([
  'application',
  'email',
  'email-json',
  'firehose',
  'http',
  'https',
  'lambda',
  'sms',
  'sqs',
]);

/**
 * What `MessageStructure: 'json'` takes: each value is text, and one that is none SNS ignores without a word.
 *
 * @throws `invalid-argument`
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
 */
export function payloadText(payload: SnsPayload): string {
  const members: Record<string, string> = {};
  for (const [name, value] of Object.entries<unknown>(payload)) {
    if (value === undefined) continue;
    if (platforms.has(name)) {
      if (typeof value !== 'object' || value === null)
        throw invalid(`the payload of ${name} must be an object, which is written as JSON here`);
      members[name] = JSON.stringify(value);
    } else {
      if (name !== 'default' && !protocols.has(name))
        throw invalid(`SNS has neither a platform nor a protocol '${name}'`);
      if (typeof value !== 'string') throw invalid(`the payload of ${name} must be text`);
      members[name] = value;
    }
  }
  if (members['default'] === undefined) throw invalid('a payload must have a default');
  return JSON.stringify(members);
}
