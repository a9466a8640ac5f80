import type { Message, SQSClient } from '@aws-sdk/client-sqs';

/** What carries messages; their inputs hold text, numbers, lists and objects of these, and nothing else. */
const lean: ReadonlySet<string> = new Set([
  'SendMessageBatchCommand',
  'ReceiveMessageCommand',
  'DeleteMessageBatchCommand',
  'ChangeMessageVisibilityBatchCommand',
]);

interface Exchange {
  /** The request's body. */
  readonly sent: string;
  answer: Answer | undefined;
}

interface Answer {
  readonly Messages?: readonly Message[];
}

interface HttpAnswer {
  readonly statusCode: number;
  body: unknown;
}

/**
 * Lets the engine's own JSON do what the SDK does by walking a schema, which costs more than all else that happens to a
 * message here. Signing, endpoints, errors and everything else stay the SDK's.
 */
export function speakLeanJson(client: SQSClient): void {
  const { middlewareStack: stack } = client;
  const exchanges = new WeakMap<object, Exchange>();
  // It copies every input and output for a logger that is not there.
  stack.removeByTag('LOGGER');

  stack.add(
    (next, context) => async (args) => {
      if (!lean.has(context.commandName ?? '')) return next(args);
      const exchange: Exchange = { sent: JSON.stringify(args.input), answer: undefined };
      exchanges.set(context, exchange);
      const { QueueUrl } = args.input as { readonly QueueUrl?: string };
      const result = await next(Object.assign({}, args, { input: { QueueUrl } }));
      const { $metadata } = result.output;
      return { ...result, output: Object.assign({}, exchange.answer, { $metadata }) };
    },
    { step: 'initialize', name: 'leanInput' },
  );

  stack.add(
    (next, context) => (args) => {
      const exchange = exchanges.get(context);
      if (exchange !== undefined) (args.request as { body: unknown }).body = exchange.sent;
      return next(args);
    },
    // Before the length of the body is taken.
    { step: 'build', priority: 'high', name: 'leanRequest' },
  );

  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const exchange = exchanges.get(context);
      const response = result.response as HttpAnswer;
      // An error is the SDK's to read.
      if (exchange === undefined || response.statusCode !== 200) return result;
      const bytes = await client.config.streamCollector(response.body);
      exchange.answer = readAnswer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      response.body = new Uint8Array(0);
      return result;
    },
    // Before the SDK reads it.
    { step: 'deserialize', priority: 'low', name: 'leanResponse' },
  );
}

function readAnswer(bytes: Buffer): Answer {
  const answer = JSON.parse(bytes.toString()) as Answer;
  for (const { MessageAttributes } of answer.Messages ?? []) {
    for (const attribute of Object.values(MessageAttributes ?? {})) {
      if (attribute.BinaryValue === undefined) continue;
      attribute.BinaryValue = new Uint8Array(
        Buffer.from(attribute.BinaryValue as unknown as string, 'base64'),
      );
    }
  }
  return answer;
}
