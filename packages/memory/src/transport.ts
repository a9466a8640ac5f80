import { IntermodalError, type Transport } from '@intermodal/core/driver';
import { channelFor, createMemoryBroker, type MemoryBroker, resolve, stateOf } from './broker.ts';
import { type Connection, createConnection } from './connection.ts';
import {
  logCapabilities,
  type MemoryLogCapabilities,
  type MemoryLogOptions,
  type MemoryQueueCapabilities,
  type MemoryQueueOptions,
  type MemoryTransportOptions,
  queueCapabilities,
  resolveOptions,
} from './options.ts';
import { createAdmin, promised } from './provision.ts';
import { openSender } from './sender.ts';

type MemoryCapabilities = MemoryQueueCapabilities | MemoryLogCapabilities;

/** Also gives its broker, to look into and to break. */
export interface MemoryTransport<
  C extends MemoryCapabilities = MemoryCapabilities,
> extends Transport<C> {
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
  const owner = {};
  let closed = false;

  /** @throws `closed`, or what a fault says */
  function mayOpen(): void {
    if (closed)
      throw new IntermodalError('closed', 'the transport was closed', { transport: 'memory' });
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
        const { name, group = address.channel } = resolve(address);
        if (receiverOptions.from !== undefined) {
          // A new group may begin by reading: nobody had to provision it.
          const known = settings.autoCreate
            ? state.ensure(name, settings.shards)
            : state.find(name, settings.shards);
          known?.addGroup(group);
        }
        const channel = channelFor(state, { name, group, only: group }, settings);
        return channel.openReceiver({
          group,
          settings,
          options: receiverOptions,
          connect(onEnd) {
            const connection: Connection = createConnection({
              owner,
              address: name,
              group,
              onEnd() {
                state.connections.delete(connection);
                onEnd();
              },
            });
            state.connections.add(connection);
            return connection;
          },
        });
      }),
    admin: createAdmin(state, settings),
    check: (address) =>
      promised(() => {
        mayOpen();
        if (address !== undefined && !settings.autoCreate)
          channelFor(state, resolve(address), settings);
      }),
    close: () =>
      promised(() => {
        closed = true;
        for (const connection of [...state.connections])
          if (connection.owner === owner) connection.end();
      }),
  };
}
