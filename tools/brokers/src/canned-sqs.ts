// A process of its own, so that a benchmark measures the client alone; it takes calls of SNS too:
// node canned-sqs.ts [--port 0] [--latency <ms>]
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { answerQuery } from './canned-query.ts';
import type { CannedSqsCounts, CannedSqsSettings } from './canned-sqs-client.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}

interface Input {
  readonly QueueName?: string;
  readonly MessageBody?: string;
  readonly MaxNumberOfMessages?: number;
  readonly WaitTimeSeconds?: number;
  readonly Entries?: readonly Entry[];
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, latency: { type: 'string', default: '0' } },
});

/** The bodies of a benchmark are few and come again. */
const sums = new Map<string, string>();

let ids = 0;
let latencyMs = Number(values.latency);
let backlog = 0;
let served = 0;
let templates: readonly string[] = [template({ body: 'x'.repeat(200) })];
let counts: Record<string, { requests: number; entries: number }> = {};
const polls = new Set<() => void>();

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    if (incoming.url === '/admin') return admin(incoming, response, text);
    if (incoming.headers['x-amz-target'] === undefined) {
      const { operation, entries, xml } = answerQuery(text, messageId);
      count(operation, entries);
      return answer(response, xml, 'text/xml');
    }
    const target = String(incoming.headers['x-amz-target']);
    const operation = target.slice(target.indexOf('.') + 1);
    const input = JSON.parse(text) as Input;
    count(operation, input.Entries?.length ?? 1);
    if (operation === 'ReceiveMessage') return receive(input, response);
    answer(response, outputOf(operation, input));
  });
});

server.listen(Number(values.port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ endpoint: `http://127.0.0.1:${port}` })}\n`);
});

// The end of standard input is the end of who started us.
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));

function outputOf(operation: string, input: Input): string {
  switch (operation) {
    case 'SendMessage':
      return `{"MessageId":"${messageId()}","MD5OfMessageBody":"${md5(input.MessageBody ?? '')}"}`;
    case 'SendMessageBatch':
      return successes(input, ({ Id, MessageBody }) => {
        const md5OfBody = md5(MessageBody);
        return `{"Id":${JSON.stringify(Id)},"MessageId":"${messageId()}","MD5OfMessageBody":"${md5OfBody}"}`;
      });
    case 'DeleteMessageBatch':
    case 'ChangeMessageVisibilityBatch':
      return successes(input, ({ Id }) => `{"Id":${JSON.stringify(Id)}}`);
    case 'GetQueueUrl':
    case 'CreateQueue':
      return JSON.stringify({ QueueUrl: `http://127.0.0.1/000000000000/${input.QueueName}` });
    case 'GetQueueAttributes':
      return attributes();
    case 'ListQueueTags':
    case 'DeleteMessage':
    case 'ChangeMessageVisibility':
    default:
      return '{}';
  }
}

function successes(input: Input, success: (entry: Entry) => string): string {
  return `{"Successful":[${(input.Entries ?? []).map(success).join(',')}]}`;
}

function receive(
  { MaxNumberOfMessages = 1, WaitTimeSeconds = 0 }: Input,
  response: ServerResponse,
): void {
  const give = (): void => {
    const taken = Math.min(MaxNumberOfMessages, backlog);
    backlog -= taken;
    count('ReceivedMessages', taken);
    const messages = Array.from({ length: taken }, message);
    answer(response, taken > 0 ? `{"Messages":[${messages.join(',')}]}` : '{}');
  };
  if (backlog > 0 || WaitTimeSeconds === 0) return give();
  const stopWaiting = (): void => {
    clearTimeout(timer);
    polls.delete(wake);
    response.off('close', stopWaiting);
  };
  const wake = (): void => {
    stopWaiting();
    give();
  };
  const timer = setTimeout(wake, WaitTimeSeconds * 1000);
  polls.add(wake);
  response.once('close', stopWaiting);
}

/** The next template with an id and a handle of its own. */
function message(): string {
  const rest = templates[served % templates.length] ?? '';
  served += 1;
  return `{"MessageId":"${messageId()}","ReceiptHandle":"r${served}",${rest}`;
}

function template({
  body,
  attributes: user,
  systemAttributes,
}: CannedSqsSettings['messages'][number]): string {
  const now = String(Date.now());
  const system = {
    ApproximateReceiveCount: '1',
    SentTimestamp: now,
    ApproximateFirstReceiveTimestamp: now,
    ...systemAttributes,
  };
  const fixed = { MD5OfBody: md5(body), Body: body, Attributes: system };
  return JSON.stringify(user ? { ...fixed, MessageAttributes: user } : fixed).slice(1);
}

function admin(incoming: IncomingMessage, response: ServerResponse, text: string): void {
  if (incoming.method === 'POST') apply(JSON.parse(text) as Partial<CannedSqsSettings>);
  const state: CannedSqsCounts = { backlog, operations: counts };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(state));
  if (incoming.method === 'DELETE') counts = {};
}

function apply(settings: Partial<CannedSqsSettings>): void {
  latencyMs = settings.latencyMs ?? latencyMs;
  if (settings.messages) templates = settings.messages.map(template);
  backlog = settings.backlog ?? backlog;
  for (const wake of polls) {
    if (backlog > 0) wake();
  }
}

function answer(
  response: ServerResponse,
  body: string,
  contentType = 'application/x-amz-json-1.0',
): void {
  const send = (): void => {
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  if (latencyMs > 0) setTimeout(send, latencyMs);
  else send();
}

function count(operation: string, entries: number): void {
  const counted = (counts[operation] ??= { requests: 0, entries: 0 });
  counted.requests += 1;
  counted.entries += entries;
}

function messageId(): string {
  ids += 1;
  return `00000000-0000-4000-8000-${ids.toString(16).padStart(12, '0')}`;
}

function md5(body: string): string {
  const known = sums.get(body);
  if (known) return known;
  const sum = createHash('md5').update(body).digest('hex');
  if (sums.size > 10_000) sums.clear();
  sums.set(body, sum);
  return sum;
}

function attributes(): string {
  return JSON.stringify({
    Attributes: {
      ApproximateNumberOfMessages: String(backlog),
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      MaximumMessageSize: '1048576',
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:canned',
      VisibilityTimeout: '30',
    },
  });
}
