import type { Capabilities } from '@intermodal/core';
import { snsTransport } from '../src/index.ts';

/** The kinds of this transport, for the capability table. */
export const variants: Readonly<Record<string, Capabilities>> = {
  sns: snsTransport().capabilities,
  'sns, fifo': snsTransport({ fifo: true }).capabilities,
};
