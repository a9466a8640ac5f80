export {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBrokerOptions,
  type MemoryEntry,
} from './broker/broker.ts';
export type { EntryState } from './broker/channel.ts';
export type { MemoryFaults, SendFailure } from './broker/faults.ts';
export type {
  MemoryBaseOptions,
  MemoryCapabilities,
  MemoryLogCapabilities,
  MemoryLogOptions,
  MemoryQueueCapabilities,
  MemoryQueueOptions,
  MemoryTransportOptions,
} from './options.ts';
export { memoryFromUrl } from './from-url.ts';
export { memoryTransport, type MemoryTransport } from './transport.ts';
