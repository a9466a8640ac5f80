import assert from 'node:assert/strict';
import type { Address, Receiver, Transport, WireDelivery } from '@intermodal/core/driver';
import type { Context } from './context.ts';
import type { TestChannel } from './test-client.ts';

/** What only the driver shows: tokens, and where dead letters are. Core is not involved here. */
export interface DriverReceiver {
  readonly receiver: Receiver;
  /** Waits until so many deliveries were handed out, in all. */
  collect(count: number): Promise<readonly WireDelivery[]>;
  close(): Promise<void>;
}

export interface DriverReceiverSettings {
  readonly transport?: Transport;
  readonly prefetch?: number;
  /** @defaultValue the group of the case */
  readonly group?: string;
  readonly role?: Address['role'];
}

/** A signal that is never aborted: the case itself bounds what it waits for. */
export function unbounded(): AbortSignal {
  return new AbortController().signal;
}

export async function openReceiver(
  context: Context,
  channel: TestChannel,
  settings: DriverReceiverSettings = {},
): Promise<DriverReceiver> {
  const transport = settings.transport ?? context.transport();
  const { capabilities } = transport;
  assert.ok(
    transport.openReceiver !== undefined,
    'receive is claimed, and openReceiver is missing',
  );
  const role = settings.role ?? 'main';
  const address: Address = { channel: channel.name, group: settings.group ?? context.group, role };
  const options = {
    prefetch: settings.prefetch ?? 10,
    clock: context.clock,
    onLane: () => Promise.resolve(),
    ...(capabilities.lease ? { leaseMs: context.times.leaseMs } : {}),
    ...(capabilities.replay ? { from: 'earliest' as const } : {}),
  };
  const opening = transport.openReceiver(address, options, unbounded());
  const receiver = await context.within('a receiver to open', opening);
  const stop = new AbortController();
  const found: WireDelivery[] = [];
  // Dead receivers answer at once with nothing: asked on and on, they would let no timer run.
  const died = receiver.dead.then((reason) =>
    assert.fail(`the receiver ended: ${reason?.message ?? 'it was closed'}`),
  );
  died.catch(() => undefined);

  async function collect(count: number): Promise<readonly WireDelivery[]> {
    const filled = async (): Promise<void> => {
      while (found.length < count) {
        const receiving = receiver.receive(count - found.length, stop.signal);
        found.push(...(await Promise.race([died, receiving])));
      }
    };
    await context.within(`the driver to hand out ${String(count)} deliveries`, filled());
    return found;
  }

  return {
    receiver,
    collect,
    async close() {
      stop.abort();
      await context.within('a receiver to close', receiver.close(unbounded()));
    },
  };
}
