import { conformance, type Harness } from '@intermodal/conformance';
import { compositeTransport, IntermodalError } from '@intermodal/core';
import { createVirtualClock } from '@intermodal/core/testing';
import { describe, it } from 'vitest';
import { breakable, noTrouble } from './breakable.ts';
import { createMemoryBroker, type MemoryBroker, memoryTransport } from '../src/index.ts';

const maxMessageBytes = 65_536;

/** Half of the keys on each side; a message without a key follows its id. */
function sideOf(text: string): 'first' | 'second' {
  let sum = 0;
  for (const character of text) sum += character.charCodeAt(0);
  return sum % 2 === 0 ? 'first' : 'second';
}

function harness(name: string, shards: number): Harness {
  return {
    name,
    broker: `two memories, ${shards === 0 ? 'queues' : 'logs of two shards'}`,
    limits: { messageBytes: maxMessageBytes },
    open: () => {
      const clock = createVirtualClock();
      const brokers = [createMemoryBroker({ clock }), createMemoryBroker({ clock })] as const;
      const trouble = noTrouble();
      const both = (act: (broker: MemoryBroker) => unknown) => () => {
        brokers.forEach(act);
      };
      const make = (broker: MemoryBroker) =>
        shards === 0
          ? memoryTransport({ broker, maxMessageBytes })
          : memoryTransport({ broker, maxMessageBytes, log: { shards } });
      return Promise.resolve({
        transport: () => {
          const [first, second] = brokers.map(make);
          if (first === undefined || second === undefined) throw new Error('there are two brokers');
          const side: Parameters<typeof compositeTransport>[0]['side'] = ({ key, id }) =>
            sideOf(key ?? id);
          return breakable(compositeTransport({ first, second, side }), trouble);
        },
        time: { clock, advance: (ms) => clock.advance(ms) },
        faults: {
          cut: both(({ faults }) => {
            faults.cut();
          }),
          freeze() {
            const releases = brokers.flatMap(({ faults }) => [
              faults.hold('sends'),
              faults.hold('receives'),
            ]);
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
          expireLeases: both(({ faults }) => {
            faults.expireLeases();
          }),
          deny: both(({ faults }) => {
            faults.refuseConnections(new IntermodalError('permission-denied', 'may not open it'));
          }),
        },
        close: () => Promise.resolve(),
      });
    },
  };
}

for (const one of [harness('composite', 0), harness('composite-log', 2)]) {
  conformance({ describe, it }, one);
}
