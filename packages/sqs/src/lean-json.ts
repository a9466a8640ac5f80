import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { type LeanSpeech, speakLean } from './lean.ts';

interface Answer {
  readonly Messages?: readonly Message[];
}

/** Inputs hold text, numbers, lists and objects of these, and nothing else. */
const speech: LeanSpeech = {
  commands: new Set([
    'SendMessageBatchCommand',
    'ReceiveMessageCommand',
    'DeleteMessageBatchCommand',
    'ChangeMessageVisibilityBatchCommand',
  ]),
  write: (input) => JSON.stringify(input),
  bare: ({ QueueUrl }: { readonly QueueUrl?: string }) => ({ QueueUrl }),
  read: readAnswer,
};

/**
 * Lets the engine's own JSON do what the SDK does by walking a schema, which costs more than all else that happens to a
 * message here.
 */
export function speakLeanJson(client: SQSClient): void {
  speakLean(client, speech);
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
