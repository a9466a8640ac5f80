import { createMemoryBroker, memoryTransport } from '@intermodal/memory';
import type { EmbeddedBroker, Offer } from './offer.ts';

/** The broker is part of this process: killed, it takes no connection; started again, it has lost its messages. */
function memoryOffer(
  id: string,
  label: string,
  options: string,
  shards: number | undefined,
): Offer {
  const broker = createMemoryBroker();
  let refusing: (() => void) | undefined;
  const embedded: EmbeddedBroker = {
    forgets: 'messages',
    kill() {
      refusing ??= broker.faults.refuseConnections();
      broker.faults.restart();
      return Promise.resolve();
    },
    restart() {
      refusing?.();
      refusing = undefined;
      return Promise.resolve();
    },
  };
  return {
    id,
    label,
    code: { module: '@intermodal/memory', factory: 'memoryTransport', options },
    runsOn: 'in this process',
    isReachable: () => Promise.resolve(true),
    start: () =>
      Promise.resolve({
        open: () =>
          Promise.resolve(
            shards === undefined
              ? memoryTransport({ broker })
              : memoryTransport({ broker, log: { shards } }),
          ),
        broker: embedded,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

export const memoryOffers = (): readonly Offer[] => [
  memoryOffer('memory', 'Memory, queues', '', undefined),
  memoryOffer('memory-log', 'Memory, logs', '{ log: { shards: 4 } }', 4),
];
