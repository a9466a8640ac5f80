import {
  batchedHarness,
  logHarness,
  plainHarness,
  queueHarness,
} from '../../../memory/test/harness.ts';
import type { Harness } from '../../src/index.ts';
import type { Transport } from '@intermodal/core';
import type { Ground } from './defect.ts';

/** Shorter waits than a broker needs: a defect often shows by something that never comes. */
const times = { withinMs: 6_000, caseMs: 20_000 };

export const grounds: Readonly<Record<Ground, Harness>> = {
  queue: { ...queueHarness, times },
  log: { ...logHarness, times },
  batched: { ...batchedHarness, times },
  plain: { ...plainHarness, times },
};

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
