import type { Capabilities } from '@intermodal/core';
import { kinesisTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  kinesis: kinesisTransport().capabilities,
};
