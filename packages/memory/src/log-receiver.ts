import {
  IntermodalError,
  type Receiver,
  type Settlement,
  type SettleOutcome,
  type Token,
  type WireDelivery,
} from '@intermodal/core/driver';
import { openConnection } from './broker/connection.ts';
import type { Hold, LogGroup, Member } from './broker/log-group.ts';
import { createWaiting } from './broker/waiting.ts';
import { copyMessage, type Stored } from './message.ts';
import { receiveLimits, type ReceiverSetup } from './receiver.ts';

/** Its value is the hold under which it was read; only a token of ours can have one. */
interface LogToken extends Token {
  readonly value: Hold;
  readonly offset: number;
}

export function openLogReceiver(group: LogGroup, setup: ReceiverSetup): Receiver {
  const { broker, owner, target, options } = setup;
  const { clock, faults } = broker;
  const waiting = createWaiting(clock, () => undefined);
  const connection = openConnection(broker.connections, owner, target, () => {
    group.leave(member);
  });
  const member: Member = { holds: new Map(), leaving: new Set(), tell, wake: waiting.wake };
  /** Called once the last batch must have been seen; undefined where it has. */
  let seen: (() => void) | undefined;
  let whenSeen = Promise.resolve();
  let turn = 0;

  /** Core learns that a lane is going only when it knows what it has of it: a batch may still be on its way. */
  async function tell(lane: string, state: 'revoking' | 'lost' | 'ended'): Promise<void> {
    await whenSeen;
    if (connection.over !== undefined) return;
    try {
      await options.onLane(lane, state);
    } catch {
      // The shard must go on to its next owner, whatever became of the last one.
    }
  }

  function take(max: number): readonly WireDelivery[] {
    if (faults.receives.closed) return [];
    const deliveries: WireDelivery[] = [];
    const holds = [...member.holds.values()];
    turn += 1;
    for (let index = 0; index < holds.length && deliveries.length < max; index += 1) {
      read(holds[(turn + index) % holds.length] as Hold, max, deliveries);
    }
    if (deliveries.length > 0) expectSeen();
    return deliveries;
  }

  function read(hold: Hold, max: number, deliveries: WireDelivery[]): void {
    if (hold.revoking || hold.paused) return;
    const { shard } = hold.place;
    const before = deliveries.length;
    while (deliveries.length < max) {
      const offset = hold.cursor;
      const stored = shard.history.at(offset);
      if (stored === undefined) break;
      hold.cursor += 1;
      if (!group.isFor(stored)) continue;
      deliveries.push(deliver(hold, offset, stored));
      if (faults.nextIsDouble()) hold.cursor = offset;
    }
    if (!shard.closed || hold.toldEnd || deliveries.length > before) return;
    hold.toldEnd = true;
    void tell(shard.id, 'ended');
  }

  function deliver(hold: Hold, offset: number, stored: Stored): WireDelivery {
    const token: LogToken = { value: hold, offset };
    return {
      token,
      message: copyMessage(stored.message),
      lane: hold.place.shard.id,
      attempt: undefined,
      redelivered: undefined,
      leaseUntil: undefined,
      position: String(stored.sequence),
      native: undefined,
    };
  }

  /** A batch is seen when core asks again, or, if it has no room to, when its turn must be over. */
  function expectSeen(): void {
    whenSeen = new Promise((resolve) => {
      const cancelTimer = clock.setTimer(resolve, 0);
      seen = () => {
        cancelTimer();
        resolve();
      };
    });
  }

  function settle({ token, action }: Settlement): SettleOutcome {
    const isOurs = [...member.holds.values()].some((hold) => hold === token.value);
    if (!isOurs) return 'lost';
    if (action === 'ack') return 'done';
    return { failed: new IntermodalError('unsupported', `a log cannot ${action} one message`) };
  }

  function checkpoint(lane: string, at: Token | 'end'): SettleOutcome {
    const hold = member.holds.get(lane);
    if (hold === undefined || (at !== 'end' && at.value !== hold)) return 'lost';
    if (at === 'end' && !hold.toldEnd) {
      const text = `'${lane}' has not been read to its end`;
      return { failed: new IntermodalError('invalid-argument', text, { transport: 'memory' }) };
    }
    if (at === 'end') group.end(hold);
    else group.checkpoint(hold, (at as LogToken).offset + 1);
    return 'done';
  }

  group.join(member);
  return {
    limits: receiveLimits,
    dead: connection.dead,
    receive(max, stop) {
      seen?.();
      return waiting.receive(() => take(max), stop, connection);
    },
    settle: (batch) => Promise.resolve(batch.map(settle)),
    checkpoint: (lane, at) => Promise.resolve(checkpoint(lane, at)),
    pauseLane(lane, paused) {
      const hold = member.holds.get(lane);
      if (hold !== undefined) hold.paused = paused;
      waiting.wake();
    },
    close() {
      connection.end();
      return Promise.resolve({ abandoned: 0 });
    },
  };
}
