import { permissions as firehose } from '../../../packages/firehose/src/permissions.ts';
import { permissions as kinesis } from '../../../packages/kinesis/src/permissions.ts';
import { permissions as sns } from '../../../packages/sns/src/permissions.ts';
import { permissions as sqs } from '../../../packages/sqs/src/permissions.ts';

interface Grant<On> {
  readonly actions: readonly string[];
  readonly on: On;
  readonly where?: string;
}

const everywhere = { key: 'arn:aws:kms:<region>:<account>:key/<key>', all: '*' };

/** The statements of every use, as the README of each package shows them. */
export const permissionsTexts = {
  firehose: text(firehose, {
    stream: 'arn:aws:firehose:<region>:<account>:deliverystream/orders',
    role: 'arn:aws:iam::<account>:role/<role>',
    ...everywhere,
  }),
  kinesis: text(kinesis, {
    stream: 'arn:aws:kinesis:<region>:<account>:stream/orders',
    consumers: 'arn:aws:kinesis:<region>:<account>:stream/orders/consumer/orders_billing:*',
    deadLetters: 'arn:aws:kinesis:<region>:<account>:stream/orders_dlq',
    leases: 'arn:aws:dynamodb:<region>:<account>:table/orders_billing',
    deadLeases: 'arn:aws:dynamodb:<region>:<account>:table/orders_billing_dlq',
    ...everywhere,
  }),
  sns: text(sns, {
    topic: 'arn:aws:sns:<region>:<account>:orders',
    queue: 'arn:aws:sqs:<region>:<account>:orders_billing',
    deadLetters: 'arn:aws:sqs:<region>:<account>:orders_billing_dlq',
    platform: 'arn:aws:sns:<region>:<account>:endpoint/<platform>/<application>/*',
    ...everywhere,
  }),
  sqs: text(sqs, {
    queue: 'arn:aws:sqs:<region>:<account>:orders',
    deadLetters: 'arn:aws:sqs:<region>:<account>:orders_dlq',
    ...everywhere,
  }),
};

function text<On extends string>(
  permissions: Readonly<Record<string, readonly Grant<On>[]>>,
  resources: Readonly<Record<NoInfer<On>, string>>,
): string {
  const statement = ({ actions, on, where }: Grant<On>): string => {
    const members = [
      '"Effect": "Allow"',
      `"Action": ${list(actions.map((action) => `"${action}"`))}`,
      `"Resource": "${resources[on]}"`,
    ];
    const json = `\`\`\`json\n{\n  ${members.join(',\n  ')}\n}\n\`\`\``;
    return where === undefined ? json : `and where ${where}:\n\n${json}`;
  };
  return Object.entries(permissions)
    .map(([use, grants]) => `To **${use}**:\n\n${grants.map(statement).join('\n\n')}`)
    .join('\n\n');
}

/** As the formatter writes lists: in one line if it fits. */
function list(items: readonly string[]): string {
  const line = `[${items.join(', ')}]`;
  return line.length <= 86 ? line : `[\n    ${items.join(',\n    ')}\n  ]`;
}
