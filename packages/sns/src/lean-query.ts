import type { PublishBatchInput, SNSClient } from '@aws-sdk/client-sns';
import { type BatchAnswer, speakLean } from '@intermodal/sqs/driver';

/**
 * Writes the form of `PublishBatch` and reads its XML in one pass each, where the SDK walks a schema and builds a tree;
 * these two cost more than all else that happens to a message here.
 */
export function speakLeanQuery(client: SNSClient): void {
  speakLean(client, {
    commands: new Set(['PublishBatchCommand']),
    write: (input) => batchForm(input as PublishBatchInput),
    bare: ({ TopicArn }: { readonly TopicArn?: string }) => ({
      TopicArn,
      PublishBatchRequestEntries: [],
    }),
    read: (bytes) => readBatchAnswer(bytes.toString()),
  });
}

const members = Array.from({ length: 10 }, (_, index) => memberOf(index));
const texts = ['Id', 'Message', 'Subject', 'MessageDeduplicationId', 'MessageGroupId'] as const;

function memberOf(index: number): string {
  return `&PublishBatchRequestEntries.member.${index + 1}.`;
}

/** With string attributes, which are all that the transport writes. */
function batchForm({ TopicArn, PublishBatchRequestEntries }: PublishBatchInput): string {
  let form = `Action=PublishBatch&Version=2010-03-31&TopicArn=${encoded(TopicArn ?? '')}`;
  for (const [index, entry] of (PublishBatchRequestEntries ?? []).entries()) {
    const member = members[index] ?? memberOf(index);
    for (const name of texts) {
      const value = entry[name];
      if (value !== undefined) form += `${member}${name}=${encoded(value)}`;
    }
    let count = 0;
    for (const [name, attribute] of Object.entries(entry.MessageAttributes ?? {})) {
      count += 1;
      const place = `${member}MessageAttributes.entry.${count}.`;
      const { DataType = '', StringValue = '' } = attribute;
      form += `${place}Name=${encoded(name)}${place}Value.DataType=${DataType}${place}Value.StringValue=${encoded(StringValue)}`;
    }
  }
  return form;
}

/** Text without lone surrogates, which the message's own form has refused. */
function encoded(value: string): string {
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, escaped);
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Nothing where it is no such answer, or more than this knows of XML is in it. */
function readBatchAnswer(xml: string): BatchAnswer | undefined {
  if (!xml.includes('<PublishBatchResult') || /<!|<\?(?!xml )/.test(xml)) return undefined;
  return {
    Successful: entriesIn(xml, 'Successful'),
    Failed: entriesIn(xml, 'Failed').map((entry) => ({
      Id: entry['Id'],
      Code: entry['Code'],
      Message: entry['Message'],
      SenderFault: entry['SenderFault'] === 'true',
    })),
  };
}

function entriesIn(xml: string, list: string): Readonly<Record<string, string>>[] {
  const from = xml.indexOf(`<${list}>`);
  if (from === -1) return [];
  const part = xml.slice(from, xml.indexOf(`</${list}>`, from));
  return part
    .split('<member>')
    .slice(1)
    .map((member) => {
      const found: Record<string, string> = {};
      for (const [, name = '', value = ''] of member.matchAll(/<(\w+)>([^<]*)<\/\1>/g))
        found[name] = value.includes('&') ? unescaped(value) : value;
      return found;
    });
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function unescaped(value: string): string {
  return value.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
}
