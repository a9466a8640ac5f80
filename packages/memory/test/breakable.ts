import {
  IntermodalError,
  type Receiver,
  type Sender,
  type SendOutcome,
  type SettleOutcome,
  type Transport,
} from '@intermodal/core/driver';

/** What can go wrong between a driver and its broker that the broker in memory has no fault for. */
export interface Trouble {
  /** Settlements that will not be carried out. */
  settlementsToFail: number;
  /** Entries refused as throttled, while throttling goes on. */
  throttled: number | undefined;
  /** Answers wait for it, while the broker is frozen. */
  frozen: Promise<void> | undefined;
}

export function noTrouble(): Trouble {
  return { settlementsToFail: 0, throttled: undefined, frozen: undefined };
}

/** The same transport, with trouble on its way to the broker. */
export function breakable<T extends Transport>(transport: T, trouble: Trouble): T {
  return {
    ...transport,
    async openSender(address, signal) {
      await trouble.frozen;
      return breakableSender(await transport.openSender(address, signal), trouble);
    },
    async openReceiver(address, options, signal) {
      await trouble.frozen;
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw new IntermodalError('unsupported', 'it only publishes');
      return breakableReceiver(receiver, trouble);
    },
  };
}

function breakableSender(sender: Sender, trouble: Trouble): Sender {
  return {
    ...sender,
    send(batch, signal) {
      if (trouble.throttled === undefined) return sender.send(batch, signal);
      trouble.throttled += batch.length;
      const error = new IntermodalError('throttled', 'too much at once: wait and send it again');
      const outcomes = batch.map((): SendOutcome => ({ ok: false, certainty: 'rejected', error }));
      return Promise.resolve(outcomes);
    },
  };
}

function breakableReceiver(receiver: Receiver, trouble: Trouble): Receiver {
  return {
    ...receiver,
    async settle(batch, signal) {
      await trouble.frozen;
      const failed = batch.slice(0, trouble.settlementsToFail);
      trouble.settlementsToFail -= failed.length;
      const error = new IntermodalError('unavailable', 'the settlement was not carried out');
      const outcomes = failed.map((): SettleOutcome => ({ failed: error }));
      if (failed.length === batch.length) return outcomes;
      return [...outcomes, ...(await receiver.settle(batch.slice(failed.length), signal))];
    },
  };
}
