import type {
  Receiver,
  Settlement,
  SettleOutcome,
  Token,
  WireDelivery,
} from '@intermodal/core/driver';
import { IntermodalError } from '@intermodal/core/driver';
import type { OpenReceiver } from './channel-store.ts';
import type { FaultState } from './faults.ts';
import { copyMessage } from './message.ts';
import type { Entry, Queue } from './queue.ts';
import { maxWaitMs } from './waiting.ts';

export function openQueueReceiver(
  queue: Queue,
  request: OpenReceiver,
  faults: FaultState,
): Receiver {
  const { options, settings } = request;
  const leaseMs = options.leaseMs ?? settings.leaseMs;
  /** What this receiver has leased, and so the only tokens that settle anything here. */
  const held = new Map<Token, Entry>();
  const connection = request.connect(() => {
    for (const entry of held.values()) queue.giveBack(entry, 0, 'counted');
    queue.wake();
  });

  function take(max: number): readonly WireDelivery[] {
    if (faults.receives.closed) return [];
    queue.tick();
    const entries = queue.take(max, settings.maxPerKey, leaseMs, held);
    if (entries.length === 0) return [];
    const leaseUntil = options.clock.now() + leaseMs;
    return entries.map((entry) => deliver(entry, leaseUntil));
  }

  function settle(settlement: Settlement): SettleOutcome {
    const entry = held.get(settlement.token);
    if (entry === undefined) return 'lost';
    switch (settlement.action) {
      case 'ack':
        if (faults.forgetsAck()) queue.giveBack(entry, 0, 'counted');
        else queue.ack(entry);
        return 'done';
      case 'retry':
        queue.giveBack(entry, settlement.delayMs, 'counted');
        return 'done';
      case 'release':
        queue.giveBack(entry, 0, 'free');
        return 'done';
      case 'reject':
        return {
          failed: new IntermodalError('unsupported', 'core sends the dead letter and then acks'),
        };
    }
  }

  return {
    limits: {
      maxPerReceive: 1_000,
      maxConcurrentReceives: 1,
      maxWaitMs,
      maxPerSettle: 1_000,
      settleLingerMs: 0,
    },
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
        const entry = held.get(token);
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

function deliver(entry: Entry, leaseUntil: number): WireDelivery {
  const { stored } = entry;
  return {
    token: entry.token,
    message: copyMessage(stored.message),
    lane: stored.message.key,
    attempt: entry.attempts,
    redelivered: entry.attempts > 1,
    leaseUntil,
    position: String(stored.sequence),
    native: undefined,
  };
}
