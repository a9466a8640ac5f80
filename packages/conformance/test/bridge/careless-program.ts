import type { Transport } from '@intermodal/core';
import { bridgeTransport } from './transport.ts';

/** Another process with a driver that confirms what it has not sent, and acks what nobody has handled. */
export function transport(argument: string): Transport {
  const inner = bridgeTransport(Number(argument));
  return {
    ...inner,
    async openSender(address, signal) {
      const sender = await inner.openSender(address, signal);
      return {
        ...sender,
        send(batch, bound) {
          setTimeout(() => void sender.send(batch, bound), 200);
          return Promise.resolve(batch.map(() => ({ ok: true })));
        },
      };
    },
    async openReceiver(address, options, signal) {
      const receiver = await inner.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw new Error('a bridge can receive');
      return {
        ...receiver,
        async receive(max, stop) {
          const deliveries = await receiver.receive(max, stop);
          const acks = deliveries.map(({ token }) => ({ token, action: 'ack' as const }));
          await receiver.settle(acks, signal);
          return deliveries;
        },
      };
    },
  };
}
