import { type Capabilities, IntermodalError, type Transport } from '@intermodal/core';

/** A transport that can do less, or other things, than the one below it. */
export function withCapabilities(
  transport: Transport,
  capabilities: Partial<Capabilities>,
): Transport {
  return { ...transport, capabilities: { ...transport.capabilities, ...capabilities } };
}

/** As SQS standard queues: one group a channel, no order, repeats. Messages of a key really overtake each other. */
export function withoutOrder(transport: Transport): Transport {
  const groupOf = new Map<string, string>();
  let sent = 0;
  const changed = withCapabilities(transport, {
    groups: 'single',
    order: 'none',
    isolation: 'none',
    duplicates: 'possible',
  });
  return {
    ...changed,
    async openSender(address, signal) {
      const sender = await transport.openSender(address, signal);
      return {
        ...sender,
        prepare(message) {
          sent += 1;
          return sender.prepare({ ...message, key: undefined, delayMs: sent % 7 });
        },
      };
    },
    async openReceiver(address, options, signal) {
      const known = groupOf.get(address.channel);
      groupOf.set(address.channel, address.group ?? '');
      if (known !== undefined && known !== address.group)
        throw new IntermodalError('unsupported', `'${address.channel}' has a group already`);
      return openReceiverOf(transport)(address, options, signal);
    },
  };
}

function openReceiverOf(transport: Transport): NonNullable<Transport['openReceiver']> {
  const { openReceiver } = transport;
  if (openReceiver === undefined) throw new Error('this transport cannot receive');
  return openReceiver.bind(transport);
}
