import type { Receiver } from './driver.ts';
import type { Leases } from './leases.ts';
import type { Settler } from './settler.ts';

/** One receiver's life and what belongs to it: a token never outlives its epoch. */
export interface ReceiverEpoch {
  readonly receiver: Receiver;
  readonly settler: Settler;
  readonly leases: Leases;
}
