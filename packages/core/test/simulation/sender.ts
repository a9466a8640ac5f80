import type { Address, Prepared, Sender, SendOutcome, WireMessage } from '../../src/driver.ts';
import { IntermodalError } from '../../src/error.ts';
import type { Broker } from './broker.ts';
import type { SendEntry, SenderState } from './check-publish.ts';
import type { SendFault } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import type { ClientState } from './records.ts';
import { createWire, type Wire } from './wire.ts';
import type { World } from './world.ts';

/** What happens to one entry: stored or not, and what the client hears. */
interface EntryFate {
  readonly store: boolean;
  readonly outcome: SendOutcome;
}

const goodbyeMs = 500;
const stored: SendOutcome = { ok: true };
const done: EntryFate = { store: true, outcome: stored };

/** Opens the client's side of a sender on an open connection. */
export function createSender(
  world: World,
  broker: Broker,
  client: ClientState,
  address: Address,
  name: string,
  wires: Set<Wire>,
): Sender {
  const { monitor, trace, faults, plan } = world;
  const ordered = plan.mode === 'push';
  const state: SenderState = {
    name,
    limits: { ...plan.broker.send, entries: ordered ? 'ordered' : 'independent' },
    address,
    inFlight: 0,
    lanes: new Set(),
    closeCalled: false,
  };
  const wire = createWire(world, {
    name,
    client,
    ordered,
    onCut() {
      if (address.role === 'dead-letter') monitor.ledger.deadLettersTroubled = true;
    },
    onBrokerLoss: () => wires.delete(wire),
    onClientLoss: () => undefined,
  });
  wires.add(wire);

  function prepare(message: WireMessage): Prepared {
    let bytes = 60 + message.body.length;
    for (const [header, value] of message.headers) bytes += header.length + value.length;
    const lane = broker.sendLane(address, message);
    const payload: SendEntry = { sender: state, message, bytes, lane };
    return { bytes, lane, payload };
  }

  function send(batch: readonly Prepared[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    const entries = batch.map((prepared) => prepared.payload as SendEntry);
    monitor.publish.sendCalled(state, entries);
    const fault = faults.next('send');
    trace?.add(
      `${name} send [${entries.map((entry) => entry.message.id).join(' ')}]${fault === undefined ? '' : ` fault ${fault.effect}`}`,
    );
    const unknown = (error: IntermodalError): readonly SendOutcome[] =>
      entries.map(() => ({ ok: false, certainty: 'unknown', error }));
    const answered = wire.call(signal, unknown, (answer) => {
      const chance = createRandom((fault?.salt ?? 0) + plan.seed);
      const effect = fault?.effect;
      if (effect === 'lose-request') {
        if (ordered) wire.cut(chance.int(2_000), chance.int(2_000));
        else
          wire.toClient(() => {
            answer(unknown(unavailable('the request was lost')));
          }, chance.int(500));
        return;
      }
      const lateMs = effect === 'late' ? chance.int(20_000) : 0;
      if (effect === 'late')
        wire.toClient(() => {
          answer(unknown(unavailable('no answer came')));
        });
      wire.toBroker(() => {
        const fates = decide(entries, effect, chance);
        entries.forEach((entry, index) => {
          if (fates[index]?.store === true) broker.store(address, entry.message);
        });
        if (effect === 'hang') return;
        if (effect === 'lose-reply') {
          // Where a connection is what holds confirms, a lost one means that the connection is lost.
          if (ordered) wire.cut(chance.int(2_000), chance.int(2_000));
          else
            wire.toClient(() => {
              answer(unknown(unavailable('the answer was lost')));
            }, chance.int(500));
          return;
        }
        wire.toClient(() => {
          answer(fates.map((fate) => fate.outcome));
        });
      }, lateMs);
    });
    return answered.then((outcomes) => {
      trace?.add(
        `${name} answers [${outcomes.map((outcome, index) => `${entries[index]?.message.id ?? ''}:${outcome.ok ? 'ok' : outcome.certainty}`).join(' ')}]`,
      );
      monitor.publish.sendAnswered(state, entries, outcomes);
      return outcomes;
    });
  }

  function decide(
    entries: readonly SendEntry[],
    effect: SendFault | undefined,
    chance: Random,
  ): readonly EntryFate[] {
    if (world.loop.now() < faults.throttleUntil)
      return entries.map(() => throttled(faults.throttleAfterMs));
    switch (effect) {
      case 'lose-reply':
      case 'hang': {
        const count = chance.int(entries.length + 1);
        return entries.map((_, index) => ({
          store: ordered ? index < count : chance.chance(0.5),
          outcome: stored,
        }));
      }
      case 'reject':
      case 'refuse':
      case 'throttle':
        return refuseSome(entries, effect, chance);
      case 'late':
      case 'lose-request':
      case undefined:
        return entries.map(() => done);
      default:
        return effect satisfies never;
    }
  }

  function refuseSome(
    entries: readonly SendEntry[],
    effect: 'reject' | 'refuse' | 'throttle',
    chance: Random,
  ): readonly EntryFate[] {
    const first = chance.int(entries.length);
    return entries.map((_, index) => {
      // A broker that takes a batch in order stops at the first that it refuses.
      if (ordered && index > first)
        return refused(unavailable('an earlier entry of the batch was refused'));
      if (index !== first && (ordered || chance.chance(0.5))) return done;
      if (effect === 'throttle')
        return throttled(chance.chance(0.5) ? chance.int(3_000) : undefined);
      if (effect === 'reject')
        return refused(new IntermodalError('rejected', 'the broker does not take this message'));
      return refused(unavailable('the broker has no room now'));
    });
  }

  return {
    limits: state.limits,
    dead: wire.dead,
    prepare,
    send,
    close() {
      state.closeCalled = true;
      trace?.add(`${name} close`);
      return closeWire(world, wire, wires);
    },
  };
}

/** Says goodbye, but does not wait long for a network that may be gone. */
function closeWire(world: World, wire: Wire, wires: Set<Wire>): Promise<void> {
  const said = wire.call<undefined>(
    undefined,
    () => undefined,
    (answer) => {
      const cancel = world.loop.after(wire.client.process, goodbyeMs, () => {
        answer(undefined);
      });
      wire.toBroker(() => {
        wire.toClient(() => {
          cancel();
          answer(undefined);
        });
      });
    },
  );
  return said.then(() => {
    wire.end();
    wires.delete(wire);
  });
}

function refused(error: IntermodalError): EntryFate {
  return { store: false, outcome: { ok: false, certainty: 'rejected', error } };
}

function throttled(retryAfterMs: number | undefined): EntryFate {
  const error = new IntermodalError('throttled', 'too many requests');
  return {
    store: false,
    outcome: {
      ok: false,
      certainty: 'rejected',
      error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
}

function unavailable(text: string): IntermodalError {
  return new IntermodalError('unavailable', text);
}
