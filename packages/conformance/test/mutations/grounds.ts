import {
  batchedHarness,
  logHarness,
  plainHarness,
  pushedHarness,
  queueHarness,
} from '../../../memory/test/harness.ts';
import type { Harness } from '../../src/index.ts';
import type { Transport } from '@intermodal/core';
import { type BridgeDefects, createBridgeHarness } from '../bridge/harness.ts';
import type { Ground } from './defect.ts';

/** Shorter waits than a broker needs: a defect often shows by something that never comes. */
const times = { withinMs: 6_000, caseMs: 20_000 };

export const grounds: Readonly<Record<Ground, Harness>> = {
  queue: { ...queueHarness, times },
  log: { ...logHarness, times },
  batched: { ...batchedHarness, times },
  pushed: { ...pushedHarness, times },
  plain: { ...plainHarness, times },
  'forgetful bridge': bridge({ restart: 'forgets' }),
  'bridge without heartbeat': bridge({ heartbeat: 'off' }),
  'bridge with a careless process': bridge({ program: 'careless-program.ts' }),
  'bridge with a lingering process': bridge({ program: 'lingering-program.ts' }),
};

/** In real time, since sockets know no other. */
function bridge(defects: BridgeDefects): Harness {
  const harness = createBridgeHarness(defects);
  // A process of its own takes a while to start.
  const withinMs = defects.program === undefined ? 1_500 : 3_000;
  return { ...harness, times: { ...harness.times, withinMs } };
}

export function isRealTime(ground: Ground): boolean {
  return grounds[ground].name === 'bridge';
}

/** The same ground, with every transport wrapped. */
export function wrapped(harness: Harness, wrap: (transport: Transport) => Transport): Harness {
  return {
    ...harness,
    async open() {
      const broker = await harness.open();
      return { ...broker, transport: () => wrap(broker.transport()) };
    },
  };
}
