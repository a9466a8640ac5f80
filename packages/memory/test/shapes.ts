import {
  type Address,
  type Capabilities,
  IntermodalError,
  type Receiver,
  type Sender,
  type SendOutcome,
  type SettleOutcome,
  type Settlement,
  type Transport,
  type WireDelivery,
} from '@intermodal/core/driver';

const batchCount = 10;
const batchBytes = 131_072;

/**
 * Small batches whose entries stand for themselves, as queues over HTTP have them. A batch beyond the limits is refused as
 * a whole, so that core is seen to keep to them.
 */
export function batched<T extends Transport>(transport: T): T {
  return {
    ...transport,
    openSender: async (address, signal) =>
      batchedSender(await transport.openSender(address, signal)),
    async openReceiver(address, options, signal) {
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw onlyPublishes();
      return batchedReceiver(receiver);
    },
  };
}

function batchedSender(sender: Sender): Sender {
  return {
    ...sender,
    limits: {
      maxBatchCount: batchCount,
      maxBatchBytes: batchBytes,
      maxInFlight: 4,
      entries: 'independent',
      lingerMs: 5,
    },
    async send(batch, signal) {
      const bytes = batch.reduce((sum, entry) => sum + entry.bytes, 0);
      if (batch.length > batchCount || bytes > batchBytes) {
        const error = beyondLimits();
        return batch.map((): SendOutcome => ({ ok: false, certainty: 'rejected', error }));
      }
      const outcomes: SendOutcome[] = [];
      for (const entry of batch) outcomes.push(...(await sender.send([entry], signal)));
      return outcomes;
    },
  };
}

function batchedReceiver(receiver: Receiver): Receiver {
  const limits = {
    maxPerReceive: batchCount,
    maxConcurrentReceives: 3,
    maxWaitMs: 1_000,
    maxPerSettle: batchCount,
    settleLingerMs: 5,
  };
  return {
    ...receiver,
    limits,
    receive(max, stop) {
      if (max > limits.maxPerReceive) return Promise.reject(beyondLimits());
      return receiver.receive(max, stop);
    },
    settle(batch, signal) {
      if (batch.length <= limits.maxPerSettle) return receiver.settle(batch, signal);
      const error = beyondLimits();
      return Promise.resolve(batch.map(() => ({ failed: error })));
    },
  };
}

const pushedCapabilities = {
  receive: true,
  groups: 'many',
  order: 'key',
  isolation: 'window',
  settle: 'message',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: false,
  attempts: 'broker',
  release: 'counted',
  retry: 'immediate',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: false,
  headers: 'native',
} as const satisfies Capabilities;

/** No leases, retries that the broker does at once, and releases that it counts: how brokers that push do it. */
export function pushed(transport: Transport): Transport<typeof pushedCapabilities> {
  return {
    ...transport,
    capabilities: pushedCapabilities,
    async openReceiver(address, options, signal) {
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw onlyPublishes();
      const { limits, dead } = receiver;
      return {
        limits,
        dead,
        receive: async (max, stop) =>
          (await receiver.receive(max, stop)).map((delivery) => ({
            ...delivery,
            leaseUntil: undefined,
            position: undefined,
          })),
        settle(batch, bound) {
          const early = batch.find((each) => each.action === 'retry' && each.delayMs > 0);
          const error = new IntermodalError('unsupported', 'it cannot wait before a retry');
          if (early !== undefined) return Promise.resolve(batch.map(() => ({ failed: error })));
          return receiver.settle(batch.map(counted), bound);
        },
        close: (bound) => receiver.close(bound),
      };
    },
  };
}

function counted(settlement: Settlement): Settlement {
  const { token, action } = settlement;
  return action === 'release' ? { token, action: 'retry', delayMs: 0, attempt: 1 } : settlement;
}

const plainCapabilities = {
  receive: true,
  groups: 'single',
  order: 'none',
  isolation: 'none',
  settle: 'message',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: false,
  attempts: 'local',
  release: 'by-closing',
  retry: 'local',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: false,
  headers: 'native',
} as const satisfies Capabilities;

/**
 * One group, no order, no leases, no retries by the broker: the least that a transport can claim and still consume. It
 * sends a dead letter and acks in one transaction.
 */
export function plain(
  transport: Transport,
  groups: Map<string, string>,
): Transport<typeof plainCapabilities> {
  const { admin } = transport;

  /** The channel's first group is its only one. @throws `unsupported` */
  function claimGroup({ channel, group = channel }: Address): void {
    const known = groups.get(channel);
    groups.set(channel, known ?? group);
    if (known !== undefined && known !== group) {
      throw new IntermodalError(
        'unsupported',
        `'${channel}' has one group, and that is '${known}'`,
      );
    }
  }

  return {
    ...transport,
    capabilities: plainCapabilities,
    ...(admin === undefined
      ? {}
      : {
          admin: {
            ...admin,
            async provision(address, plan, signal) {
              claimGroup(address);
              await admin.provision(address, plan, signal);
            },
          },
        }),
    async openReceiver(address, options, signal) {
      claimGroup(address);
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw onlyPublishes();
      if (address.role === 'dead-letter') return plainReceiver(receiver);
      const letters = await transport.openSender({ ...address, role: 'dead-letter' }, signal);
      return transactional(plainReceiver(receiver), letters);
    },
  };
}

function plainReceiver(receiver: Receiver): Receiver {
  const { limits, dead } = receiver;
  return {
    limits,
    dead,
    receive: async (max, stop) => (await receiver.receive(max, stop)).map(plainDelivery),
    async settle(batch, signal) {
      const odd = batch.find(({ action }) => action !== 'ack');
      if (odd === undefined) return receiver.settle(batch, signal);
      const text = `it can only ack, and was asked to ${odd.action}`;
      return batch.map(() => ({ failed: new IntermodalError('unsupported', text) }));
    },
    close: (signal) => receiver.close(signal),
  };
}

function transactional(receiver: Receiver, letters: Sender): Receiver {
  async function settleOne(settlement: Settlement, signal: AbortSignal): Promise<SettleOutcome> {
    const { token } = settlement;
    if (settlement.action === 'reject') {
      const [sent] = await letters.send([settlement.deadLetter], signal);
      if (sent?.ok !== true) return { failed: sent?.error ?? beyondLimits() };
    }
    const action = settlement.action === 'reject' ? { token, action: 'ack' as const } : settlement;
    return (await receiver.settle([action], signal))[0] ?? 'lost';
  }

  return {
    ...receiver,
    prepareDeadLetter: letters.prepare,
    async settle(batch, signal) {
      const outcomes: SettleOutcome[] = [];
      for (const settlement of batch) outcomes.push(await settleOne(settlement, signal));
      return outcomes;
    },
    async close(signal) {
      await letters.close();
      return receiver.close(signal);
    },
  };
}

function plainDelivery(delivery: WireDelivery): WireDelivery {
  return {
    ...delivery,
    lane: undefined,
    attempt: undefined,
    redelivered: undefined,
    leaseUntil: undefined,
    position: undefined,
  };
}

function beyondLimits(): IntermodalError {
  return new IntermodalError('invalid-argument', 'core sent more at once than the limits allow');
}

function onlyPublishes(): IntermodalError {
  return new IntermodalError('unsupported', 'it only publishes');
}
