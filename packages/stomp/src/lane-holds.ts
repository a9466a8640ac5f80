import type { Clock, WireDelivery } from '@intermodal/core/driver';

/**
 * Lanes that wait for the retry of their first message. On the broker's side it would come behind what follows it, so it stays
 * here, and what follows waits with it.
 */
export interface LaneHolds {
  readonly size: number;
  /** Keeps its lane back from now on. */
  hold(lane: string, delivery: WireDelivery, delayMs: number): void;
  /** False where the lane is not held. */
  add(lane: string, delivery: WireDelivery): boolean;
  /** When the connection has ended: forgets everything. */
  end(): void;
}

interface Held {
  readonly deliveries: WireDelivery[];
  readonly cancel: () => void;
}

/** `isBefore` is the order in which the broker delivered. */
export function createLaneHolds(
  clock: Clock,
  isBefore: (one: WireDelivery, other: WireDelivery) => boolean,
  letGo: (deliveries: readonly WireDelivery[]) => void,
): LaneHolds {
  const lanes = new Map<string, Held>();

  function add(lane: string, delivery: WireDelivery): boolean {
    const held = lanes.get(lane)?.deliveries;
    if (held === undefined) return false;
    const index = held.findIndex((other) => isBefore(delivery, other));
    held.splice(index === -1 ? held.length : index, 0, delivery);
    return true;
  }

  return {
    get size() {
      return lanes.size;
    },
    hold(lane, delivery, delayMs) {
      if (add(lane, delivery)) return;
      const cancel = clock.setTimer(() => {
        const held = lanes.get(lane)?.deliveries ?? [];
        lanes.delete(lane);
        letGo(held);
      }, delayMs);
      lanes.set(lane, { deliveries: [delivery], cancel });
    },
    add,
    end() {
      for (const { cancel } of lanes.values()) cancel();
      lanes.clear();
    },
  };
}
