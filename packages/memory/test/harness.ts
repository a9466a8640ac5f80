import type { Broker, Faults, Harness } from '@intermodal/conformance';
import { IntermodalError } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import { createVirtualClock } from '@intermodal/core/testing';
import { createMemoryBroker, type MemoryBroker, memoryTransport } from '../src/index.ts';
import { breakable, noTrouble, type Trouble } from './breakable.ts';
import { batched, plain, pushed } from './shapes.ts';

const maxMessageBytes = 65_536;

function open(make: (broker: MemoryBroker) => Transport): Broker {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  const trouble = noTrouble();
  return {
    transport: () => breakable(make(broker), trouble),
    faults: faultsOf(broker, trouble),
    time: { clock, advance: (ms) => clock.advance(ms) },
    close: () => Promise.resolve(),
  };
}

function faultsOf(broker: MemoryBroker, trouble: Trouble): Faults {
  const { faults } = broker;
  return {
    cut() {
      faults.cut();
    },
    freeze() {
      const releases = [faults.hold('sends'), faults.hold('receives')];
      let thaw = (): void => undefined;
      trouble.frozen = new Promise((resolve) => {
        thaw = resolve;
      });
      return () => {
        trouble.frozen = undefined;
        thaw();
        for (const release of releases) release();
      };
    },
    failEntries(count) {
      const error = new IntermodalError('unavailable', 'not now: send it again');
      faults.failSends(count, { certainty: 'rejected', error });
    },
    refuseEntries(count) {
      const error = new IntermodalError('rejected', 'the broker does not take this message');
      faults.failSends(count, { certainty: 'rejected', error });
    },
    loseReplies(count) {
      const error = new IntermodalError('unavailable', 'the answer got lost');
      faults.failSends(count, { certainty: 'unknown', error, stored: true });
    },
    failSettlements(count) {
      trouble.settlementsToFail = count;
    },
    throttle() {
      trouble.throttled = 0;
      return () => {
        const refused = trouble.throttled ?? 0;
        trouble.throttled = undefined;
        return refused;
      };
    },
    expireLeases() {
      faults.expireLeases();
    },
    deny() {
      const text = 'this user may not open it';
      faults.refuseConnections(new IntermodalError('permission-denied', text));
    },
    reshard(channel) {
      for (const lane of broker.lanes(channel)) {
        try {
          broker.split(channel, lane);
          return;
        } catch (error) {
          // A shard that has been split before is closed; the next one may be open.
          if (!IntermodalError.is(error, 'not-found')) throw error;
        }
      }
    },
  };
}

function harness(name: string, detail: string, make: (broker: MemoryBroker) => Transport): Harness {
  return {
    name,
    broker: `memory, ${detail}`,
    open: () => Promise.resolve(open(make)),
    limits: { messageBytes: maxMessageBytes },
  };
}

export const queueHarness: Harness = harness('memory', 'queues', (broker) =>
  memoryTransport({ broker, maxMessageBytes }),
);

export const logHarness: Harness = harness('memory-log', 'logs of two shards', (broker) =>
  memoryTransport({ broker, maxMessageBytes, log: { shards: 2 } }),
);

/** The other ways in which core is asked to work: each is a shape that a transport to a real broker has. */
export const batchedHarness: Harness = harness('memory-batched', 'small batches', (broker) =>
  batched(memoryTransport({ broker, maxMessageBytes, maxPerKey: 10 })),
);

export const pushedHarness: Harness = harness('memory-pushed', 'retries at once', (broker) =>
  pushed(memoryTransport({ broker, maxMessageBytes, leaseMs: 3_600_000, maxPerKey: 10 })),
);

export const plainHarness: Harness = {
  ...harness('memory-plain', 'the least that can be claimed', () => memoryTransport()),
  open: () => {
    const groups = new Map<string, string>();
    const make = (broker: MemoryBroker): Transport =>
      plain(memoryTransport({ broker, maxMessageBytes, leaseMs: 3_600_000 }), groups);
    return Promise.resolve(open(make));
  },
};

export const harnesses: readonly Harness[] = [
  queueHarness,
  logHarness,
  batchedHarness,
  pushedHarness,
  plainHarness,
];
