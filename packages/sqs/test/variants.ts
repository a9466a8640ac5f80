import type { Capabilities } from '@intermodal/core';
import { sqsTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  sqs: sqsTransport().capabilities,
  'sqs, fifo': sqsTransport({ fifo: true }).capabilities,
};
