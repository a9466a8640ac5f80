import type { Capabilities } from '@intermodal/core';
import { firehoseTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  firehose: firehoseTransport().capabilities,
};
