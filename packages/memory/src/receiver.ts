import {
  IntermodalError,
  type ReceiveLimits,
  type Receiver,
  type ReceiverOptions,
  type Settlement,
  type SettleOutcome,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { BrokerState, Target } from './broker/broker.ts';
import { openConnection } from './broker/connection.ts';
import type { Lease, Queue } from './broker/queue.ts';
import { maxWaitMs } from './broker/waiting.ts';
import { copyMessage } from './message.ts';
import type { Settings } from './options.ts';

export interface ReceiverSetup {
  readonly broker: BrokerState;
  readonly owner: object;
  readonly target: Target;
  readonly options: ReceiverOptions;
  readonly settings: Settings;
}

export const receiveLimits: ReceiveLimits = {
  maxPerReceive: 1_000,
  maxConcurrentReceives: 1,
  maxWaitMs,
  maxPerSettle: 1_000,
  settleLingerMs: 0,
};

export function openQueueReceiver(queue: Queue, setup: ReceiverSetup): Receiver {
  const { broker, options, settings } = setup;
  const { faults } = broker;
  const leaseMs = options.leaseMs ?? settings.leaseMs;
  /** What this receiver leases: no other has tokens of it. */
  const holder = {};
  const connection = openConnection(broker.connections, setup.owner, setup.target, () => {
    for (const entry of queue.entries()) {
      if (entry.lease?.value === holder) queue.giveBack(entry, 0, 'counted');
    }
    queue.wake();
  });

  function take(max: number): readonly WireDelivery[] {
    if (faults.receives.closed) return [];
    queue.tick();
    const leases = queue.take(max, settings.maxPerKey, leaseMs, holder);
    if (leases.length === 0) return [];
    const leaseUntil = options.clock.now() + leaseMs;
    return leases.map((lease) => deliver(lease, leaseUntil));
  }

  function settle(settlement: Settlement): SettleOutcome {
    const entry = queue.leased(settlement.token, holder);
    if (entry === undefined) return 'lost';
    switch (settlement.action) {
      case 'ack':
        if (faults.nextIsDouble()) queue.giveBack(entry, 0, 'counted');
        else queue.ack(entry);
        break;
      case 'retry':
        queue.giveBack(entry, settlement.delayMs, 'counted');
        break;
      case 'release':
        queue.giveBack(entry, 0, 'free');
        break;
      case 'reject':
        return { failed: new IntermodalError('unsupported', 'send the dead letter, then ack') };
    }
    return 'done';
  }

  return {
    limits: receiveLimits,
    dead: connection.dead,
    receive: (max, stop) => queue.waiting.receive(() => take(max), stop, connection),
    settle(batch) {
      queue.tick();
      const outcomes = batch.map(settle);
      queue.wake();
      return Promise.resolve(outcomes);
    },
    extend(tokens, wantedMs) {
      queue.tick();
      const leaseUntil = options.clock.now() + wantedMs;
      const outcomes = tokens.map((token) => {
        const entry = queue.leased(token, holder);
        if (entry === undefined) return 'lost';
        queue.extend(entry, wantedMs);
        return { leaseUntil };
      });
      return Promise.resolve(outcomes);
    },
    close() {
      connection.end();
      return Promise.resolve({ abandoned: 0 });
    },
  };
}

function deliver(lease: Lease, leaseUntil: number): WireDelivery {
  const { stored, attempts } = lease.entry;
  return {
    token: lease,
    message: copyMessage(stored.message),
    lane: stored.message.key,
    attempt: attempts,
    redelivered: attempts > 1,
    leaseUntil,
    position: String(stored.sequence),
    native: undefined,
  };
}
