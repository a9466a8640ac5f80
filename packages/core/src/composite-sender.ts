import type { SideMessages } from './composite-receiver.ts';
import {
  bySide,
  doBoth,
  openBoth,
  type Routed,
  type Side,
  sidedName,
  sideNames,
  type Sides,
} from './composite-sides.ts';
import type {
  Address,
  Driver,
  Prepared,
  Sender,
  SendLimits,
  SendOutcome,
  WireMessage,
} from './driver.ts';
import { IntermodalError } from './error.ts';

export async function openCompositeSender(
  drivers: Sides<Driver>,
  messages: SideMessages,
  sideOf: (message: WireMessage, address: Address) => Side,
  address: Address,
  signal: AbortSignal,
): Promise<Sender> {
  const sides = await openBoth(
    async (side) => drivers[side].openSender(address, signal),
    (sender) => sender.close(),
  );
  return join(sides, messages, (message) => sideOf(message, address));
}

function join(
  sides: Sides<Sender>,
  messages: SideMessages,
  sideOf: (message: WireMessage) => Side,
): Sender {
  const { first, second } = sides;
  let over = false;
  const bothDead = async (): Promise<IntermodalError | undefined> =>
    (await first.dead) ?? (await second.dead);
  const dead = Promise.race([first.dead, second.dead]).then((error) => {
    if (over) return bothDead();
    over = true;
    void Promise.allSettled(sideNames.map((side) => sides[side].close()));
    return error;
  });

  return {
    limits: bothLimits(first.limits, second.limits),
    dead,
    prepare(message) {
      const side = sideOf(message);
      const entry = sides[side].prepare(messages.toSide(side, message));
      const payload: Routed<Prepared> = { side, entry };
      const lane = entry.lane === undefined ? undefined : sidedName(side, entry.lane);
      return { bytes: entry.bytes, lane, payload };
    },
    send(batch, signal) {
      if (over) return Promise.resolve(batch.map(notSent));
      return bySide<Prepared, SendOutcome>(
        batch.map(({ payload }) => payload as Routed<Prepared>),
        (side, entries) => sides[side].send(entries, signal),
        unanswered,
      );
    },
    async close() {
      over = true;
      await doBoth((side) => sides[side].close());
    },
  };
}

/** What either can take, since all of a batch may go to one side. */
function bothLimits(one: SendLimits, other: SendLimits): SendLimits {
  return {
    maxBatchCount: Math.min(one.maxBatchCount, other.maxBatchCount),
    maxBatchBytes: Math.min(one.maxBatchBytes, other.maxBatchBytes),
    maxInFlight: Math.min(one.maxInFlight, other.maxInFlight),
    entries: one.entries === 'ordered' ? other.entries : 'independent',
    lingerMs: Math.max(one.lingerMs, other.lingerMs),
  };
}

function notSent(): SendOutcome {
  const error = new IntermodalError('unavailable', 'one side of the composite lost its connection');
  return { ok: false, certainty: 'rejected', error };
}

function unanswered(why: IntermodalError | undefined): SendOutcome {
  const error = why ?? new IntermodalError('unknown', 'a driver gave no outcome for a message');
  return { ok: false, certainty: 'unknown', error };
}
