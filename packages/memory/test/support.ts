import type {
  Address,
  Receiver,
  ReceiverOptions,
  Sender,
  SendOutcome,
  Settlement,
  SettleOutcome,
  WireDelivery,
  WireMessage,
} from '@intermodal/core/driver';
import { createVirtualClock, type VirtualClock } from '@intermodal/core/testing';
import {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryQueueOptions,
  memoryTransport,
  type MemoryTransport,
  type MemoryTransportOptions,
} from '../src/index.ts';

export const never: AbortSignal = new AbortController().signal;

export const orders: Address = { channel: 'orders', group: 'billing', role: 'main' };
export const deadOrders: Address = { ...orders, role: 'dead-letter' };

export interface Setup {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly transport: MemoryTransport;
}

/** A transport with the channel `orders` and its group `billing`, on a clock that stands still. */
export async function setUp(
  options: Omit<MemoryQueueOptions, 'log'> & {
    readonly retain?: number;
    readonly shards?: number;
  } = {},
): Promise<Setup> {
  const { retain, shards, ...rest } = options;
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock, ...(retain === undefined ? {} : { retain }) });
  const all: MemoryTransportOptions =
    shards === undefined ? { broker, ...rest } : { broker, log: { shards } };
  const transport = memoryTransport(all);
  await provision(transport, orders);
  return { clock, broker, transport };
}

export async function provision(
  transport: MemoryTransport,
  address: Address,
  mode: 'create' | 'verify' = 'create',
): Promise<void> {
  await transport.admin?.provision(address, { mode, order: 'key', maxAttempts: 5 }, never);
}

export function openSender(
  transport: MemoryTransport,
  address: Address = { channel: 'orders', role: 'main' },
): Promise<Sender> {
  return transport.openSender(address, never);
}

export function openReceiver(
  { transport, clock }: Setup,
  options: Partial<ReceiverOptions> = {},
  address: Address = orders,
): Promise<Receiver> {
  const all = { prefetch: 100, clock, onLane: () => Promise.resolve(), ...options };
  if (transport.openReceiver === undefined) throw new Error('memory can receive');
  return transport.openReceiver(address, all, never);
}

export function message(id: string, fields: Partial<WireMessage> = {}): WireMessage {
  return { id, channel: 'orders', headers: new Map(), body: `body of ${id}`, ...fields };
}

export function send(sender: Sender, ...messages: WireMessage[]): Promise<readonly SendOutcome[]> {
  return sender.send(
    messages.map((each) => sender.prepare(each)),
    never,
  );
}

/** What is there now; it never waits. */
export function receiveNow(receiver: Receiver, max = 100): Promise<readonly WireDelivery[]> {
  const stop = new AbortController();
  const received = receiver.receive(max, stop.signal);
  stop.abort();
  return received;
}

export async function settle(
  receiver: Receiver,
  deliveries: readonly WireDelivery[],
  action: 'ack' | 'release' = 'ack',
): Promise<readonly SettleOutcome[]> {
  return receiver.settle(
    deliveries.map(({ token }): Settlement => ({ token, action })),
    never,
  );
}

export async function retry(
  receiver: Receiver,
  delivery: WireDelivery,
  delayMs: number,
): Promise<readonly SettleOutcome[]> {
  return receiver.settle([{ token: delivery.token, action: 'retry', delayMs, attempt: 1 }], never);
}

export function ids(deliveries: readonly WireDelivery[]): string[] {
  return deliveries.map(({ message: { id } }) => id);
}
