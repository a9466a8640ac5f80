import type { Address, Receiver, ReceiverOptions, WireMessage } from '../../src/driver.ts';
import { createLogBroker } from './broker-log.ts';
import { createPullBroker } from './broker-pull.ts';
import { createPushBroker } from './broker-push.ts';
import type { ChannelPlan, Foreign } from './plan.ts';
import { copyOf, createReceipts, type Receipts } from './receipts.ts';
import type { ClientState, StoredMessage } from './records.ts';
import type { Wire } from './wire.ts';
import type { TimedFault } from './plan.ts';
import type { World } from './world.ts';

/** What stands at the other end of the network. */
export interface Broker {
  /** What must stay in order when it is sent. */
  sendLane(address: Address, message: WireMessage): string | undefined;
  store(address: Address, message: WireMessage, foreign?: Foreign): void;
  openReceiver(
    client: ClientState,
    address: Address,
    options: ReceiverOptions,
    name: string,
    wires: Set<Wire>,
  ): Receiver;
  /** A fault that is the broker's own. */
  suffer(fault: TimedFault): void;
  /** Every group is done with everything. */
  isDrained(): boolean;
  /** What keeps it from being drained. */
  describe(): string;
  readonly receipts: Receipts;
}

/** One kind of broker: keeps copies of main messages for each group, and hands them out. */
export interface BrokerKind {
  sendLane(channel: ChannelPlan, message: WireMessage): string | undefined;
  /** Whether the broker drops it as a repeat. */
  isRepeat(channel: ChannelPlan, message: WireMessage): boolean;
  append(stored: StoredMessage, groups: readonly string[]): void;
  openReceiver(
    client: ClientState,
    channel: ChannelPlan,
    group: string,
    options: ReceiverOptions,
    name: string,
    wires: Set<Wire>,
  ): Receiver;
  suffer(fault: TimedFault): void;
  isDrained(): boolean;
  describe(): string;
}

export function createBroker(world: World): Broker {
  const { plan, monitor, loop, trace } = world;
  const receipts = createReceipts(world);
  const kind = createKind(world, receipts);

  function channelOf(address: Address): ChannelPlan {
    const found = plan.channels.find((channel) => channel.name === address.channel);
    if (found === undefined) throw new Error(`no channel ${address.channel}`);
    return found;
  }

  return {
    receipts,
    sendLane: (address, message) =>
      address.role === 'main' ? kind.sendLane(channelOf(address), message) : undefined,
    store(address, message, foreign) {
      const channel = channelOf(address);
      if (address.role === 'dead-letter') {
        const group = address.group ?? channel.name;
        trace?.add(
          `dead letter ${message.id} of ${channel.name}/${group}: ${String(message.headers.get('imreason'))}`,
        );
        monitor.publish.deadLettered(channel, group, message);
        return;
      }
      if (foreign === undefined && kind.isRepeat(channel, message)) {
        trace?.add(`broker drops ${message.id} as a repeat`);
        return;
      }
      const one = monitor.ledger.addStored(channel, copyOf(message), loop.now(), foreign);
      trace?.add(`broker stores ${message.id} in ${channel.name} at ${one.position}`);
      monitor.publish.stored(one, loop.now() + (message.delayMs ?? 0));
      kind.append(one, address.group === undefined ? channel.groups : [address.group]);
    },
    openReceiver: (client, address, options, name, wires) => {
      const channel = channelOf(address);
      return kind.openReceiver(
        client,
        channel,
        address.group ?? channel.name,
        options,
        name,
        wires,
      );
    },
    suffer: (fault) => {
      kind.suffer(fault);
    },
    isDrained: () => kind.isDrained(),
    describe: () => kind.describe(),
  };
}

function createKind(world: World, receipts: Receipts): BrokerKind {
  const { broker } = world.plan;
  switch (broker.kind) {
    case 'pull':
      return createPullBroker(world, receipts, broker);
    case 'push':
      return createPushBroker(world, receipts, broker);
    case 'log':
      return createLogBroker(world, receipts, broker);
    default:
      return broker satisfies never;
  }
}
