export {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBrokerOptions,
  type MemoryEntry,
} from './broker.ts';
export type { EntryState } from './channel-store.ts';
export type { MemoryFaults, SendFailure } from './faults.ts';
export type {
  MemoryLogCapabilities,
  MemoryLogOptions,
  MemoryQueueCapabilities,
  MemoryQueueOptions,
  MemoryTransportOptions,
} from './options.ts';
export { memoryTransport, type MemoryTransport } from './transport.ts';
