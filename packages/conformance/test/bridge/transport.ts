import type { Transport } from '@intermodal/core';
import {
  type Capabilities,
  IntermodalError,
  type Receiver,
  type Sender,
  type SendOutcome,
  type WireMessage,
} from '@intermodal/core/driver';
import { memoryTransport } from '../../../memory/src/index.ts';
import { errorOf, outcomeOf } from './calls.ts';
import { type BridgeConnection, type Heartbeat, openConnection } from './connection.ts';

export const maxMessageBytes = 65_536;

/** Reaches a memory broker by a socket, as a transport to a broker of another process would. */
export function bridgeTransport(port: number, heartbeat: Heartbeat = 'on'): Transport {
  const local = memoryTransport({ maxMessageBytes, autoCreate: true });
  const capabilities: Capabilities = { ...local.capabilities, durable: true };
  const open = new Set<BridgeConnection>();
  let closed = false;

  async function connection(signal: AbortSignal): Promise<BridgeConnection> {
    if (closed) throw new IntermodalError('closed', 'the transport is closed');
    const made = await openConnection(port, heartbeat, signal);
    open.add(made);
    void made.dead.then(() => open.delete(made));
    return made;
  }

  /** A connection for one question. */
  async function once<T>(
    signal: AbortSignal,
    ask: (connection: BridgeConnection) => Promise<T>,
  ): Promise<T> {
    const made = await connection(signal);
    try {
      return await ask(made);
    } finally {
      made.end();
    }
  }

  return {
    name: 'bridge',
    capabilities,
    async openSender(address, signal) {
      const made = await connection(signal);
      const limits = await opened(made, made.call('openSender', address));
      // The broker in memory knows best what fits into it.
      const sizer = await local.openSender(address, signal);
      return senderOf(made, { limits, prepare: sizer.prepare });
    },
    async openReceiver(address, { prefetch, leaseMs, from }, signal) {
      const made = await connection(signal);
      const opening = made.call('openReceiver', address, { prefetch, leaseMs, from });
      return receiverOf(made, await opened(made, opening));
    },
    admin: {
      provision: (address, plan, signal) =>
        once(signal, (made) => made.call('provision', address, plan)),
      backlog: (address, signal) =>
        once(signal, async (made) => {
          const found = await made.call('backlog', address);
          if (found === undefined) throw new IntermodalError('unsupported', 'it does not tell');
          return found;
        }),
    },
    check: (address, signal) => once(signal, (made) => made.call('check', address)),
    async close() {
      closed = true;
      for (const made of open) made.end();
      await local.close();
    },
  };
}

async function opened<T>(made: BridgeConnection, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    made.end();
    throw error;
  }
}

function senderOf(
  made: BridgeConnection,
  { limits, prepare }: Pick<Sender, 'limits' | 'prepare'>,
): Sender {
  return {
    limits,
    dead: made.dead,
    prepare: (message) => ({ ...prepare(message), payload: message }),
    async send(batch, signal) {
      const messages = batch.map((entry) => entry.payload as WireMessage);
      try {
        const outcomes = await bounded(signal, made.call('send', messages));
        return outcomes.map((outcome): SendOutcome =>
          outcome.ok
            ? outcome
            : { ok: false, certainty: outcome.certainty, error: errorOf(outcome.fault) },
        );
      } catch (cause) {
        const error = IntermodalError.from(cause);
        return batch.map((): SendOutcome => ({ ok: false, certainty: 'unknown', error }));
      }
    },
    async close() {
      await made.call('close').catch(() => undefined);
      made.end();
    },
  };
}

function receiverOf(made: BridgeConnection, limits: Receiver['limits']): Receiver {
  return {
    limits,
    dead: made.dead,
    async receive(max, stop) {
      const onStop = (): void => {
        made.call('stop').catch(() => undefined);
      };
      stop.addEventListener('abort', onStop, { once: true });
      try {
        if (stop.aborted) return [];
        const deliveries = await made.call('receive', max);
        return deliveries.map(({ tag, ...delivery }) => ({
          ...delivery,
          token: { value: { made, tag } },
        }));
      } finally {
        stop.removeEventListener('abort', onStop);
      }
    },
    async settle(batch, signal) {
      const own = batch.map((settlement) => ({
        tag: tagOf(made, settlement.token.value),
        // It has no prepareDeadLetter, so that nobody asks it to reject.
        action: settlement.action === 'reject' ? 'release' : settlement.action,
        delayMs: settlement.action === 'retry' ? settlement.delayMs : 0,
      }));
      try {
        return (await bounded(signal, made.call('settle', own))).map(outcomeOf);
      } catch (cause) {
        const failed = IntermodalError.from(cause);
        return batch.map(() => (made.over ? 'lost' : { failed }));
      }
    },
    async extend(tokens, leaseMs, signal) {
      const tags = tokens.map((token) => tagOf(made, token.value));
      const outcomes = await bounded(signal, made.call('extend', tags, leaseMs));
      return outcomes.map((outcome) =>
        typeof outcome === 'object' && 'leaseUntil' in outcome ? outcome : outcomeOf(outcome),
      );
    },
    async close() {
      await made.call('close').catch(() => undefined);
      made.end();
      return { abandoned: 0 };
    },
  };
}

/** -1, which no broker gives, for what another connection was given. */
function tagOf(made: BridgeConnection, value: unknown): number {
  const mine = value as { readonly made: BridgeConnection; readonly tag: number };
  return mine.made === made ? mine.tag : -1;
}

function bounded<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(IntermodalError.from(signal.reason, { code: 'timeout', retryable: true }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
