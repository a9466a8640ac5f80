import type {
  $Command,
  ServiceInputTypes,
  ServiceOutputTypes,
  SQSClient,
  SQSClientResolvedConfig,
} from '@aws-sdk/client-sqs';
import { mapError } from './map-error.ts';

/** One request of the control plane; its failure is thrown in our words. */
export async function ask<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  client: SQSClient,
  command: $Command<I, O, SQSClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
  place: string,
  signal: AbortSignal,
): Promise<O> {
  try {
    return await client.send(command, { abortSignal: signal });
  } catch (cause) {
    throw mapError(cause, place).error;
  }
}
