export type {
  SqsCapabilities,
  SqsCommonCapabilities,
  SqsFifoCapabilities,
  SqsStandardCapabilities,
} from './capabilities.ts';
export type { SqsProvisioning, SqsQueues, SqsTransportOptions } from './options.ts';
export type { QueueAccess } from './queue-policy.ts';
export { sqsFromUrl } from './from-url.ts';
export { sqsTransport } from './transport.ts';
