import { randomUUID } from 'node:crypto';
import {
  type Address,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type SendOutcome,
  type Settlement,
  type SettleOutcome,
  systemClock,
  type Transport,
  type WireDelivery,
  type WireMessage,
} from '@intermodal/core/driver';
import { afterEach } from 'vitest';

export const never: AbortSignal = new AbortController().signal;

const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** Called after the test. */
export function closeLater(close: () => Promise<unknown>): void {
  opened.push(close);
}

/** Closed after the test. */
export function closedLater(transport: Transport): Transport {
  closeLater(() => transport.close());
  return transport;
}

/** A channel that no other test uses, with one group. */
export function freshAddress(prefix = 'c'): Address & { readonly group: string } {
  return { channel: `${prefix}-${randomUUID().slice(0, 8)}`, group: 'billing', role: 'main' };
}

export function wholeChannel({ channel }: Address): Address {
  return { channel, role: 'main' };
}

export function deadLetters(address: Address): Address {
  return { ...address, role: 'dead-letter' };
}

export async function provision(
  transport: Transport,
  address: Address,
  mode: 'create' | 'verify' = 'create',
  maxAttempts = 5,
): Promise<void> {
  const deadLetter = deadLetters(address);
  const plan = { mode, order: 'none', maxAttempts, deadLetter } as const;
  await transport.admin?.provision(address, plan, never);
}

export async function openReceiver(
  transport: Transport,
  address: Address,
  options: Partial<ReceiverOptions> = {},
): Promise<Receiver> {
  const all = { prefetch: 10, clock: systemClock, onLane: () => Promise.resolve(), ...options };
  const receiver = await transport.openReceiver?.(address, all, never);
  if (receiver === undefined) throw new Error('it cannot receive');
  return receiver;
}

export function message(id: string, fields: Partial<WireMessage> = {}): WireMessage {
  return { id, channel: 'orders', headers: new Map(), body: `body of ${id}`, ...fields };
}

export function send(
  sender: Sender,
  ...messages: readonly WireMessage[]
): Promise<readonly SendOutcome[]> {
  return sender.send(
    messages.map((each) => sender.prepare(each)),
    never,
  );
}

/** To the group alone, one message for each id. */
export async function publish(
  transport: Transport,
  address: Address,
  ...ids: readonly string[]
): Promise<void> {
  const sender = await transport.openSender(address, never);
  const outcomes = await send(sender, ...ids.map((id) => message(id)));
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
  await sender.close();
}

export async function collect(receiver: Receiver, count: number): Promise<WireDelivery[]> {
  const found: WireDelivery[] = [];
  const stop = new AbortController();
  void receiver.dead.then(() => {
    stop.abort();
  });
  while (found.length < count && !stop.signal.aborted)
    found.push(...(await receiver.receive(count - found.length, stop.signal)));
  return found;
}

/** What comes within a moment; it leaves the receiver as if `receive` had not been stopped. */
export async function collectFor(receiver: Receiver, ms: number): Promise<WireDelivery[]> {
  const found: WireDelivery[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort();
  }, ms);
  while (!stop.signal.aborted) found.push(...(await receiver.receive(1_000, stop.signal)));
  clearTimeout(timer);
  return found;
}

export function settle(
  receiver: Receiver,
  deliveries: readonly WireDelivery[],
  action: 'ack' | 'release' | 'retry',
): Promise<readonly SettleOutcome[]> {
  const settlements = deliveries.map(({ token, attempt = 1 }): Settlement =>
    action === 'retry' ? { token, action, delayMs: 0, attempt } : { token, action },
  );
  return receiver.settle(settlements, never);
}

export function ids(deliveries: readonly WireDelivery[]): string[] {
  return deliveries.map((delivery) => delivery.message.id);
}
