import type { Capabilities } from '@intermodal/core';
import { memoryTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  memory: memoryTransport().capabilities,
  'memory, log': memoryTransport({ log: { shards: 1 } }).capabilities,
};
