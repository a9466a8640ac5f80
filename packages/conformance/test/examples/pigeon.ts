import type { Transport } from '@intermodal/core';
import {
  createMemoryBroker,
  type MemoryBroker,
  memoryTransport,
} from '../../../memory/src/index.ts';

// Stands for somebody's broker and transport, so that the example is compiled.

const brokers = new Map<string, MemoryBroker>();

export interface Pigeon {
  readonly url: string;
  cut(): void;
  stop(): void;
}

export function startPigeon(): Promise<Pigeon> {
  const broker = createMemoryBroker();
  const url = `pigeon://localhost/${String(brokers.size)}`;
  brokers.set(url, broker);
  return Promise.resolve({
    url,
    cut: broker.faults.cut,
    stop: () => brokers.delete(url),
  });
}

export function pigeonTransport({ url }: { readonly url: string }): Transport {
  return memoryTransport({ broker: brokers.get(url), maxMessageBytes: 65_536 });
}
