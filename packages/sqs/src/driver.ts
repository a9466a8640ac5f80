/**
 * For drivers that fill queues and leave them to SQS, as `@intermodal/sns` does: the transport with what only they need,
 * and the parts that make messages the same whichever way they come. Applications need none of it.
 */
export {
  createErrorMapping,
  type ErrorKind,
  type ErrorMapping,
  type ErrorMappingOptions,
  type ErrorRow,
  type MappedError,
} from './aws-errors.ts';
export { createLife, type Life } from './life.ts';
export { type LeanClient, type LeanSpeech, speakLean } from './lean.ts';
export { type Connection, connectionOf } from './location.ts';
export { type Entry, type WireForm, type WrittenEntry, writeEntry } from './message.ts';
export { differingStatements, mergedPolicy, type PolicyStatement } from './queue-policy.ts';
export { type ReadForm, type ReadMessage, readMessage } from './read-message.ts';
export { type Notification, unwrapNotification } from './sns-envelope.ts';
export { type BatchAnswer, createSender, type SenderSettings, type Written } from './sender.ts';
export { type SqsDriver, sqsDriver } from './transport.ts';
