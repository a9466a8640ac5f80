import type { Address, Transport } from '@intermodal/core/driver';
import {
  closedLater,
  closeLater,
  publish as publishTo,
  wholeChannel,
} from '@intermodal/driver-tests';
import { type ChannelModel, connect, type ConfirmChannel } from 'amqplib';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';

export * from '@intermodal/driver-tests';

/** Closed after the test. */
export function transportOf(options: AmqpTransportOptions): Transport {
  return closedLater(amqpTransport(options));
}

/** A program that knows only amqplib. */
export async function plainPeer(url: string): Promise<ConfirmChannel> {
  const connection: ChannelModel = await connect(url);
  connection.on('error', () => undefined);
  closeLater(() => connection.close().catch(() => undefined));
  return connection.createConfirmChannel();
}

/** To all groups, one message for each id. */
export function publish(
  transport: Transport,
  address: Address,
  ...ids: readonly string[]
): Promise<void> {
  return publishTo(transport, wholeChannel(address), ...ids);
}
