import type { Transport } from '@intermodal/core';
import {
  type Address,
  IntermodalError,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type SendOutcome,
  type Settlement,
  type Token,
  type WireDelivery,
  type WireMessage,
} from '@intermodal/core/driver';
import type { Defect } from './defect.ts';

type SenderChange = (sender: Sender) => Partial<Sender>;
type ReceiverChange = (receiver: Receiver, options: ReceiverOptions) => Partial<Receiver>;

function withSender(change: SenderChange): (transport: Transport) => Transport {
  return (transport) => ({
    ...transport,
    async openSender(address, signal) {
      const sender = await transport.openSender(address, signal);
      return { ...sender, ...change(sender) };
    },
  });
}

function withReceiver(change: ReceiverChange): (transport: Transport) => Transport {
  return withOpening((open, address, options) => open(address, options), change);
}

type Opening = (address: Address, options: ReceiverOptions) => Promise<Receiver>;

function withOpening(
  reopen: (open: Opening, address: Address, options: ReceiverOptions) => Promise<Receiver>,
  change: ReceiverChange = () => ({}),
): (transport: Transport) => Transport {
  return (transport) => ({
    ...transport,
    async openReceiver(address, options, signal) {
      const open: Opening = async (to, wanted) => {
        const opened = await transport.openReceiver?.(to, wanted, signal);
        if (opened === undefined) throw new IntermodalError('unsupported', 'it only publishes');
        return opened;
      };
      const receiver = await reopen(open, address, options);
      return { ...receiver, ...change(receiver, options) };
    },
  });
}

/** Prepares another message than the one it was given. */
function preparing(
  change: (message: WireMessage) => WireMessage,
): (transport: Transport) => Transport {
  return withSender((sender) => ({ prepare: (message) => sender.prepare(change(message)) }));
}

function delivering(
  change: (deliveries: readonly WireDelivery[]) => readonly WireDelivery[],
): (transport: Transport) => Transport {
  return withReceiver((receiver) => ({
    receive: async (max, stop) => change(await receiver.receive(max, stop)),
  }));
}

function settlingAs(
  change: (settlement: Settlement) => Settlement,
): (transport: Transport) => Transport {
  return withReceiver((receiver) => ({
    settle: (batch, signal) => receiver.settle(batch.map(change), signal),
  }));
}

function outcomesAs(
  change: (outcome: SendOutcome) => SendOutcome,
): (transport: Transport) => Transport {
  return withSender((sender) => ({
    send: async (batch, signal) => (await sender.send(batch, signal)).map(change),
  }));
}

/** Tokens are numbers of a connection, as delivery tags are, and any connection takes them for its own. */
function bareTags(receiver: Receiver): Partial<Receiver> {
  const tags = new Map<unknown, Token>();
  return {
    async receive(max, stop) {
      const deliveries = await receiver.receive(max, stop);
      return deliveries.map((delivery) => {
        const value = tags.size + 1;
        tags.set(value, delivery.token);
        return { ...delivery, token: { value } };
      });
    },
    settle: (batch, signal) =>
      receiver.settle(
        batch.map((settlement) => ({
          ...settlement,
          token: tags.get(settlement.token.value) ?? settlement.token,
        })),
        signal,
      ),
  };
}

/** What it was given and has not settled is acked when it closes. */
function acksOnClose(receiver: Receiver): Partial<Receiver> {
  const held = new Set<Token>();
  return {
    async receive(max, stop) {
      const deliveries = await receiver.receive(max, stop);
      for (const { token } of deliveries) held.add(token);
      return deliveries;
    },
    settle(batch, signal) {
      for (const { token } of batch) held.delete(token);
      return receiver.settle(batch, signal);
    },
    async close(signal) {
      await receiver.settle(
        [...held].map((token) => ({ token, action: 'ack' })),
        signal,
      );
      return receiver.close(signal);
    },
  };
}

/** A poll goes on when it is stopped, and what it brings then stays leased, even when the receiver closes. */
function strandsAfterStop(receiver: Receiver): Partial<Receiver> {
  const forEver = new AbortController().signal;
  let stopped = false;
  return {
    async receive(max, stop) {
      const deliveries = await receiver.receive(max, forEver);
      stopped ||= stop.aborted;
      return stop.aborted ? [] : deliveries;
    },
    close: (signal) => (stopped ? Promise.resolve({ abandoned: 0 }) : receiver.close(signal)),
  };
}

/** Checkpoints one message further than it was told. */
function checkpointsAhead(receiver: Receiver): Partial<Receiver> {
  const following = new Map<Token, Token>();
  const last = new Map<string | undefined, Token>();
  return {
    async receive(max, stop) {
      const deliveries = await receiver.receive(max, stop);
      for (const { lane, token } of deliveries) {
        const before = last.get(lane);
        if (before !== undefined) following.set(before, token);
        last.set(lane, token);
      }
      return deliveries;
    },
    checkpoint: async (lane, at, signal) =>
      (await receiver.checkpoint?.(lane, at === 'end' ? at : (following.get(at) ?? at), signal)) ??
      'done',
  };
}

export const driverDefects: readonly Defect[] = [
  {
    rule: 'P1',
    in: 'driver',
    name: 'a send is ok as soon as it was written',
    wrap: withSender((sender) => ({
      send(batch, signal) {
        void sender.send(batch, signal);
        return Promise.resolve(batch.map(() => ({ ok: true })));
      },
    })),
  },
  {
    rule: 'P2',
    in: 'driver',
    name: 'a body that is too large is cut to fit',
    wrap: withSender((sender) => ({
      prepare(message) {
        try {
          return sender.prepare(message);
        } catch {
          return sender.prepare({ ...message, body: message.body.slice(0, 60_000) });
        }
      },
    })),
  },
  {
    rule: 'P3',
    in: 'driver',
    name: 'the first ten headers are kept, in the order of the alphabet',
    wrap: preparing((message) => ({
      ...message,
      headers: new Map(
        [...message.headers].sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, 10),
      ),
    })),
  },
  {
    rule: 'P3',
    in: 'driver',
    name: 'headers without a value are left out',
    wrap: preparing((message) => ({
      ...message,
      headers: new Map([...message.headers].filter(([, value]) => value !== '')),
    })),
  },
  {
    rule: 'P5',
    in: 'driver',
    name: 'a nack of the broker is logged and reported as success',
    wrap: outcomesAs((outcome) =>
      outcome.ok || outcome.certainty === 'unknown' ? outcome : { ok: true },
    ),
  },
  {
    rule: 'P6',
    in: 'driver',
    name: 'an answer that got lost is reported as success',
    wrap: outcomesAs((outcome) =>
      outcome.ok || outcome.certainty === 'rejected' ? outcome : { ok: true },
    ),
  },
  {
    rule: 'P6',
    in: 'driver',
    name: 'an answer that got lost is reported as a refusal',
    wrap: outcomesAs((outcome) => (outcome.ok ? outcome : { ...outcome, certainty: 'rejected' })),
  },
  {
    rule: 'P8',
    in: 'driver',
    name: 'a missing channel is an outage that may pass',
    wrap: (transport) => ({
      ...transport,
      openSender: (address, signal) =>
        transport.openSender(address, signal).catch(() => {
          throw new IntermodalError('unavailable', 'something went wrong');
        }),
    }),
  },
  {
    rule: 'P12',
    in: 'driver',
    name: 'deliveries have the id of the broker',
    wrap: delivering((deliveries) =>
      deliveries.map((delivery) => ({
        ...delivery,
        message: { ...delivery.message, id: `broker-${delivery.position ?? ''}` },
      })),
    ),
  },
  {
    rule: 'R1',
    in: 'driver',
    name: 'what is held when a connection closes is acked',
    wrap: withReceiver(acksOnClose),
  },
  {
    rule: 'R2',
    in: 'driver',
    name: 'extending a lease says yes and does nothing',
    wrap: withReceiver((_, { clock }) => ({
      extend: (tokens, leaseMs) =>
        Promise.resolve(tokens.map(() => ({ leaseUntil: clock.now() + leaseMs }))),
    })),
  },
  {
    rule: 'R4',
    in: 'driver',
    name: 'a settlement is done as soon as it was written',
    wrap: withReceiver((receiver) => ({
      settle(batch, signal) {
        void receiver.settle(batch, signal);
        return Promise.resolve(batch.map(() => 'done' as const));
      },
    })),
  },
  {
    rule: 'R6',
    in: 'driver',
    name: 'a bare delivery tag is taken from any connection',
    wrap: withReceiver(bareTags),
  },
  {
    rule: 'R8',
    in: 'driver',
    name: 'all groups share one queue',
    wrap: withOpening((open, address, options) => open({ ...address, group: 'alpha' }, options)),
  },
  {
    rule: 'R8',
    in: 'driver',
    name: 'every message is delivered twice',
    wrap: delivering((deliveries) => [...deliveries, ...deliveries]),
  },
  {
    rule: 'R9',
    in: 'driver',
    name: 'a retry is an ack',
    wrap: settlingAs((settlement) =>
      settlement.action === 'retry' ? { token: settlement.token, action: 'ack' } : settlement,
    ),
  },
  {
    rule: 'R9',
    in: 'driver',
    name: 'a retry comes at once',
    wrap: settlingAs((settlement) =>
      settlement.action === 'retry' ? { ...settlement, delayMs: 0 } : settlement,
    ),
  },
  {
    rule: 'R10',
    in: 'driver',
    name: 'dead letters are sent nowhere',
    wrap: (transport) => ({
      ...transport,
      async openSender(address, signal) {
        const sender = await transport.openSender(address, signal);
        if (address.role === 'main') return sender;
        return { ...sender, send: (batch) => Promise.resolve(batch.map(() => ({ ok: true }))) };
      },
    }),
  },
  {
    rule: 'R12',
    in: 'driver',
    name: 'giving back says yes and does nothing',
    wrap: withReceiver((receiver) => ({
      async settle(batch, signal) {
        const kept = batch.filter(({ action }) => action !== 'release');
        const outcomes = [...(await receiver.settle(kept, signal))];
        return batch.map(({ action }) =>
          action === 'release' ? 'done' : (outcomes.shift() ?? 'lost'),
        );
      },
    })),
  },
  {
    rule: 'R12',
    in: 'driver',
    name: 'what a poll brings after it was stopped is kept to the end of its lease',
    wrap: withReceiver(strandsAfterStop),
  },
  {
    rule: 'R14',
    in: 'driver',
    name: 'a lost permission is an outage that may pass',
    wrap: (transport) => ({
      ...transport,
      openReceiver: async (address, options, signal) => {
        try {
          return await withOpening((open) => open(address, options))(transport).openReceiver!(
            address,
            options,
            signal,
          );
        } catch {
          throw new IntermodalError('unavailable', 'something went wrong');
        }
      },
    }),
  },
  {
    rule: 'O1',
    in: 'driver',
    on: 'log',
    name: 'what comes together comes in reverse',
    wrap: delivering((deliveries) => deliveries.toReversed()),
  },
  {
    rule: 'L2',
    in: 'driver',
    on: 'log',
    name: 'a checkpoint is written one message too far',
    wrap: withReceiver(checkpointsAhead),
  },
  {
    rule: 'L4',
    in: 'driver',
    on: 'log',
    name: 'nobody is told that a lane was stolen',
    wrap: withOpening((open, address, options) =>
      open(address, {
        ...options,
        onLane: (lane, state) =>
          state === 'lost' ? Promise.resolve() : options.onLane(lane, state),
      }),
    ),
  },
  {
    rule: 'L5',
    in: 'driver',
    name: 'a new group always starts at the latest message',
    wrap: withOpening((open, address, options) =>
      open(address, options.from === undefined ? options : { ...options, from: 'latest' }),
    ),
  },
  {
    rule: 'L5',
    in: 'driver',
    on: 'log',
    name: 'a time is taken for the beginning',
    wrap: withOpening((open, address, options) =>
      open(address, options.from instanceof Date ? { ...options, from: 'earliest' } : options),
    ),
  },
  {
    rule: 'F5',
    in: 'driver',
    name: 'a receiver leaves a timer behind',
    wrap: withReceiver((receiver, { clock }) => ({
      async close(signal) {
        clock.setTimer(() => undefined, 3_600_000);
        return receiver.close(signal);
      },
    })),
  },
  {
    rule: 'C1',
    in: 'driver',
    name: 'delay is claimed and not kept',
    wrap: preparing((message) => ({ ...message, delayMs: undefined })),
  },
  {
    rule: 'C1',
    in: 'driver',
    name: 'a time to live is claimed and not kept',
    wrap: preparing((message) => ({ ...message, ttlMs: undefined })),
  },
  {
    rule: 'C1',
    in: 'driver',
    name: 'priority is claimed and not kept',
    wrap: preparing((message) => ({ ...message, priority: undefined })),
  },
  {
    rule: 'C1',
    in: 'driver',
    name: 'dedupe is claimed and not kept',
    wrap: preparing((message) => ({ ...message, dedupeId: undefined })),
  },
  {
    rule: 'C1',
    in: 'driver',
    name: 'giving back is claimed to be free and counts as an attempt',
    wrap: settlingAs((settlement) =>
      settlement.action === 'release'
        ? { token: settlement.token, action: 'retry', delayMs: 0, attempt: 1 }
        : settlement,
    ),
  },
];
