import {
  type Address,
  IntermodalError,
  type Receiver,
  type Transport,
} from '@intermodal/core/driver';
import { createMemoryBroker, type MemoryBroker, stateOf, targetOf } from './broker/broker.ts';
import { openLogReceiver } from './log-receiver.ts';
import {
  logCapabilities,
  type MemoryCapabilities,
  type MemoryLogCapabilities,
  type MemoryLogOptions,
  type MemoryQueueCapabilities,
  type MemoryQueueOptions,
  type MemoryTransportOptions,
  queueCapabilities,
  resolveOptions,
} from './options.ts';
import { createAdmin, promised } from './provision.ts';
import { openQueueReceiver, type ReceiverSetup } from './receiver.ts';
import { openSender } from './sender.ts';

/** A transport that also gives its broker. */
export interface MemoryTransport<
  C extends MemoryCapabilities = MemoryCapabilities,
> extends Transport<C> {
  /** To look into, to break, and to share. */
  readonly broker: MemoryBroker;
}

/**
 * Moves messages within this process: queues, or logs with `log`. Nothing outlives the process.
 *
 * @throws `invalid-argument`
 */
export function memoryTransport(options: MemoryLogOptions): MemoryTransport<MemoryLogCapabilities>;
export function memoryTransport(
  options?: MemoryQueueOptions,
): MemoryTransport<MemoryQueueCapabilities>;
export function memoryTransport(options?: MemoryTransportOptions): MemoryTransport;
export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  const settings = resolveOptions(options);
  const broker = options.broker ?? createMemoryBroker();
  const state = stateOf(broker);
  /** Marks its connections among those of other transports. */
  const owner = {};
  let closed = false;

  /** @throws `closed`, or what a fault says */
  function mayOpen(): void {
    if (closed)
      throw new IntermodalError('closed', 'the transport is closed', { transport: 'memory' });
    if (state.faults.refusal !== undefined) throw state.faults.refusal;
  }

  return {
    name: 'memory',
    broker,
    capabilities: settings.shards > 0 ? logCapabilities : queueCapabilities,
    openSender: (address) =>
      promised(() => {
        mayOpen();
        return openSender(state, owner, address, settings);
      }),
    openReceiver: (address, receiverOptions) =>
      promised(() => {
        mayOpen();
        return openReceiver(address, { broker: state, owner, options: receiverOptions, settings });
      }),
    admin: createAdmin(state, settings),
    check: (address) =>
      promised(() => {
        mayOpen();
        if (address !== undefined && !settings.autoCreate)
          state.find(targetOf(address, settings.shards));
      }),
    close: () =>
      promised(() => {
        closed = true;
        for (const connection of state.connections)
          if (connection.owner === owner) connection.end();
      }),
  };
}

function openReceiver(address: Address, setup: Omit<ReceiverSetup, 'target'>): Receiver {
  const { broker, options, settings } = setup;
  const { group = address.channel, ...rest } = targetOf(address, settings.shards);
  const target = { ...rest, group };
  if (settings.autoCreate) broker.make(target, 'earliest');
  else if (options.from !== undefined) {
    // A new group may begin by reading: nobody had to provision it.
    broker.find({ ...target, group: undefined });
    broker.make(target);
  }
  const channel = broker.find(target);
  return channel.mode === 'queue'
    ? openQueueReceiver(channel.open(group, options.from), { ...setup, target })
    : openLogReceiver(channel.open(group, options.from), { ...setup, target });
}
