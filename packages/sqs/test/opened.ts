import { systemClock } from '@intermodal/core';
import type {
  Address,
  Clock,
  Receiver,
  ReceiverOptions,
  Sender,
  Transport,
  WireMessage,
} from '@intermodal/core/driver';
import { type SqsTransportOptions, sqsTransport } from '../src/index.ts';
import { region } from './canned-server.ts';

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
export const orders: Address = { channel: 'orders', group: 'orders', role: 'main' };
export const deadOrders: Address = { channel: 'orders', group: 'orders', role: 'dead-letter' };
export const never: AbortSignal = new AbortController().signal;

/** A transport to one endpoint, closed at the end of its scope. */
export interface Opened extends AsyncDisposable {
  readonly transport: Transport;
  sender(address?: Address): Promise<Sender>;
  receiver(options?: Partial<ReceiverOptions>, address?: Address): Promise<Receiver>;
}

export function opened<F extends boolean | undefined>(
  endpoint: string,
  options: SqsTransportOptions<F> = {},
): Opened {
  const transport: Transport = sqsTransport({ endpoint, region, credentials, ...options });
  return {
    transport,
    sender: (address = orders) => transport.openSender(address, never),
    receiver: (receiverOptions = {}, address = orders) =>
      transport.openReceiver!(
        address,
        { prefetch: 10, clock: systemClock, onLane: () => Promise.resolve(), ...receiverOptions },
        never,
      ),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

export function wireMessage(changes: Partial<WireMessage> = {}): WireMessage {
  return { id: crypto.randomUUID(), channel: 'orders', headers: new Map(), body: '{}', ...changes };
}

/** A clock whose time is set by the test and whose timers are real. */
export function settableClock(): Clock & { time: number } {
  const clock = { ...systemClock, time: systemClock.now(), now: (): number => clock.time };
  return clock;
}
