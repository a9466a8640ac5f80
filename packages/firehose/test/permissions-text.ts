import { type Grant, permissions } from '../src/permissions.ts';

const resources: Readonly<Record<Grant['on'], string>> = {
  stream: 'arn:aws:firehose:<region>:<account>:deliverystream/orders',
  role: 'arn:aws:iam::<account>:role/<role>',
  key: 'arn:aws:kms:<region>:<account>:key/<key>',
  all: '*',
};

/** The statements of every use, as the README shows them. */
export function permissionsText(): string {
  return Object.entries(permissions)
    .map(([use, grants]) => `To **${use}**:\n\n${grants.map(statement).join('\n\n')}`)
    .join('\n\n');
}

function statement({ actions, on, where }: Grant): string {
  const members = [
    '"Effect": "Allow"',
    `"Action": ${list(actions.map((action) => `"${action}"`))}`,
    `"Resource": "${resources[on]}"`,
  ];
  const json = `\`\`\`json\n{\n  ${members.join(',\n  ')}\n}\n\`\`\``;
  return where === undefined ? json : `and where ${where}:\n\n${json}`;
}

/** As the formatter writes lists: in one line if it fits. */
function list(items: readonly string[]): string {
  const line = `[${items.join(', ')}]`;
  return line.length <= 86 ? line : `[\n    ${items.join(',\n    ')}\n  ]`;
}
