import type { IncomingHttpHeaders } from 'node:http';

/** A JSON object of the AWS API, on its way in or out. */
export type AwsObject = Readonly<Record<string, unknown>>;

/** One call of the AWS API as it went over the wire. */
export interface AwsCall {
  /** `AmazonSQS.SendMessage`, `Kinesis_20131202.PutRecords`, `AmazonSNS.Publish`. */
  readonly target: string;
  readonly operation: string;
  readonly input: AwsObject;
  readonly protocol: 'json' | 'query';
  readonly contentType: string;
}

/** An error as the services state it. */
export interface AwsError {
  /** `RequestThrottled`: the SDK's name for it. */
  readonly name: string;
  /** The older name that SQS adds in a header. @defaultValue what SQS says for `name` */
  readonly queryCode?: string;
  /** @defaultValue 400 */
  readonly status?: number;
  /** @defaultValue `Sender` below 500, `Receiver` above */
  readonly fault?: 'Sender' | 'Receiver';
  readonly message?: string;
}

/** An answer, whoever made it. */
export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const notNamedAlike: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDeletedRecently: 'AWS.SimpleQueueService.QueueDeletedRecently',
  KmsThrottled: 'KMS.ThrottlingException',
  KmsAccessDenied: 'KMS.AccessDeniedException',
  KmsDisabled: 'KMS.DisabledException',
  KmsInvalidState: 'KMS.InvalidStateException',
  KmsInvalidKeyUsage: 'KMS.InvalidKeyUsageException',
  KmsNotFound: 'KMS.NotFoundException',
  KmsOptInRequired: 'KMS.OptInRequired',
};

/** The call in an HTTP request, or nothing where it is not one of the JSON or Query protocol. */
export function parseCall(headers: IncomingHttpHeaders, body: Buffer): AwsCall | undefined {
  const contentType = headers['content-type'] ?? '';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const operation = target.slice(target.lastIndexOf('.') + 1);
    const input = body.length === 0 ? {} : (JSON.parse(body.toString()) as AwsObject);
    return { target, operation, input, protocol: 'json', contentType };
  }
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return undefined;
  const input = parseForm(body.toString());
  const operation = input['Action'];
  if (typeof operation !== 'string') return undefined;
  const service = scopeOf(headers.authorization).toUpperCase();
  const named = `Amazon${service}.${operation}`;
  return { target: named, operation, input, protocol: 'query', contentType };
}

/** The body that carries this input, in the call's own protocol. */
export function encodeInput(call: AwsCall, input: AwsObject): Buffer {
  return Buffer.from(call.protocol === 'json' ? JSON.stringify(input) : encodeForm(input));
}

/** A successful answer with this output. */
export function replyWith(call: AwsCall, output: AwsObject): AwsReply {
  if (call.protocol === 'json') {
    return reply(200, call.contentType, JSON.stringify(output));
  }
  const result = `<${call.operation}Result>${toXml(output)}</${call.operation}Result>`;
  const xml = `<${call.operation}Response>${result}${metadata}</${call.operation}Response>`;
  return reply(200, 'text/xml', xml);
}

/** The answer that makes the SDK throw this error. */
export function replyWithError(call: AwsCall, error: AwsError): AwsReply {
  const { name, message = `${name}, injected`, status = 400 } = error;
  const fault = error.fault ?? (status < 500 ? 'Sender' : 'Receiver');
  if (call.protocol === 'query') {
    const stated = toXml({ Type: fault, Code: error.queryCode ?? name, Message: message });
    return reply(
      status,
      'text/xml',
      `<ErrorResponse><Error>${stated}</Error>${metadata}</ErrorResponse>`,
    );
  }
  const isSqs = call.target.startsWith('AmazonSQS.');
  const type = isSqs ? `com.amazonaws.sqs#${name}` : name;
  const code = error.queryCode ?? notNamedAlike[name] ?? name;
  const answer = reply(status, call.contentType, JSON.stringify({ __type: type, message }));
  const headers = {
    ...answer.headers,
    'x-amzn-errortype': type,
    ...(isSqs && { 'x-amzn-query-error': `${code};${fault}` }),
  };
  return { ...answer, headers };
}

/** The answer with a changed output; an error, or an answer in XML, stays as it is. */
export function editOutput(answer: AwsReply, edit: (output: AwsObject) => AwsObject): AwsReply {
  const isJson = answer.headers['content-type']?.includes('json');
  if (answer.status !== 200 || !isJson) return answer;
  const output = answer.body.length === 0 ? {} : (JSON.parse(answer.body.toString()) as AwsObject);
  return { ...answer, body: Buffer.from(JSON.stringify(edit(output))) };
}

/** An answer in XML with `addition` put at the end of `element`, which is made where it is missing. */
export function addToXml(
  answer: AwsReply,
  parent: string,
  element: string,
  addition: string,
): AwsReply {
  const xml = answer.body.toString().replace(new RegExp(`<${element}\\s*/>`), '');
  const end = `</${element}>`;
  const edited = xml.includes(end)
    ? xml.replace(end, () => `${addition}${end}`)
    : xml.replace(`</${parent}>`, () => `<${element}>${addition}${end}</${parent}>`);
  return { ...answer, body: Buffer.from(edited) };
}

/** Objects as elements, lists as `member` elements: what the Query protocol makes of an output. */
export function toXml(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => `<member>${toXml(one)}</member>`).join('');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => `<${name}>${toXml(inner)}</${name}>`)
      .join('');
  }
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const requestId = '00000000-0000-4000-8000-000000000000';
const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;

function reply(status: number, contentType: string, text: string): AwsReply {
  const headers = { 'content-type': contentType, 'x-amzn-requestid': requestId };
  return { status, headers, body: Buffer.from(text) };
}

/** `…Credential=<key>/<date>/<region>/<service>/aws4_request…` */
function scopeOf(authorization: string | undefined): string {
  return /Credential=[^/]*\/[^/]*\/[^/]*\/([^/]*)\//.exec(authorization ?? '')?.[1] ?? '';
}

type Form = Record<string, unknown>;

/** `A.member.1.B=c` becomes `{ A: { member: { 1: { B: 'c' } } } }` and then `{ A: [{ B: 'c' }] }`. */
function parseForm(text: string): AwsObject {
  const root: Form = {};
  for (const [path, value] of new URLSearchParams(text)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const parent = names.reduce<Form>((form, name) => (form[name] ??= {}) as Form, root);
    parent[last] = value;
  }
  return listsOf(root) as AwsObject;
}

function listsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const form = value as Form;
  const list = form['member'] ?? form['entry'];
  if (typeof list === 'object' && list !== null) return Object.values(list).map(listsOf);
  return Object.fromEntries(Object.entries(form).map(([name, inner]) => [name, listsOf(inner)]));
}

function encodeForm(input: AwsObject): string {
  const form = new URLSearchParams();
  const add = (path: string, value: unknown): void => {
    if (Array.isArray(value)) {
      // Only maps have names in their entries.
      const isMap = value.every((one) => typeof one === 'object' && one !== null && 'Name' in one);
      value.forEach((one, index) => add(`${path}.${isMap ? 'entry' : 'member'}.${index + 1}`, one));
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value))
        add(path ? `${path}.${name}` : name, inner);
    } else {
      form.append(path, String(value));
    }
  };
  add('', input);
  return form.toString();
}
