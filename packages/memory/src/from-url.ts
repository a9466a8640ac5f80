import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { MemoryCapabilities } from './options.ts';
import { memoryTransport } from './transport.ts';

/**
 * For `openTransport`: `memory:`, and `memory:?shards=4` for logs.
 *
 * @throws `invalid-argument`
 */
export function memoryFromUrl(location: TransportLocation): Transport<MemoryCapabilities> {
  const shards = location.number('shards');
  return shards === undefined ? memoryTransport() : memoryTransport({ log: { shards } });
}
