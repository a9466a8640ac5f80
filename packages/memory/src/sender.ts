import {
  type Address,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import { type BrokerState, targetOf } from './broker/broker.ts';
import type { BrokerChannel } from './broker/channel.ts';
import { openConnection } from './broker/connection.ts';
import { unavailable } from './broker/faults.ts';
import { type Payload, prepare } from './message.ts';
import type { Settings } from './options.ts';

const dedupeWindowMs = 300_000;

/** @throws `not-found`, so that who consumes learns at its start that its dead letters have no place */
export function openSender(
  broker: BrokerState,
  owner: object,
  address: Address,
  settings: Settings,
): Sender {
  const { clock, faults, repeats } = broker;
  const target = targetOf(address, settings.shards);
  if (!settings.autoCreate) findOrMake(broker, address, settings);
  const connection = openConnection(broker.connections, owner, target, () => undefined);

  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    if (connection.over !== undefined) return all(batch, 'rejected', connection.over);
    // The checks before it spare a turn for each batch that no fault holds up.
    if (faults.sends.closed && !(await faults.sends.pass(signal, connection))) {
      return all(batch, 'unknown', connection.over);
    }
    const outcomes = storeAll(batch);
    if (faults.confirms.closed && !(await faults.confirms.pass(signal, connection))) {
      return all(batch, 'unknown', connection.over);
    }
    return outcomes;
  }

  function storeAll(batch: readonly Prepared[]): SendOutcome[] {
    let channel: BrokerChannel;
    try {
      channel = settings.autoCreate ? broker.make(target, 'earliest') : broker.find(target);
    } catch (error) {
      return all(batch, 'rejected', IntermodalError.from(error));
    }
    const outcomes: SendOutcome[] = [];
    for (const { payload } of batch) {
      const outcome = storeOne(channel, payload as Payload);
      outcomes.push(outcome);
      if (!outcome.ok) break;
    }
    channel.wake();
    if (outcomes.length === batch.length) return outcomes;
    const behind = unavailable('one before it in its batch failed: send it again');
    return [...outcomes, ...all(batch.slice(outcomes.length), 'rejected', behind)];
  }

  function storeOne(channel: BrokerChannel, payload: Payload): SendOutcome {
    const failure = faults.nextSendFailure();
    if (failure === undefined) return { ok: true, position: append(channel, payload) };
    if (failure.certainty === 'unknown' && failure.stored) append(channel, payload);
    return { ok: false, certainty: failure.certainty, error: failure.error };
  }

  /** Its position, or that of the first of the same dedupe id. */
  function append(channel: BrokerChannel, payload: Payload): string {
    if (payload.dedupeId === undefined) return store(channel, payload);
    const now = clock.now();
    for (const [id, { until }] of repeats) {
      if (until > now) break;
      repeats.delete(id);
    }
    const id = JSON.stringify([target.name, target.only, payload.dedupeId]);
    const first = repeats.get(id);
    if (first !== undefined) return first.position;
    const position = store(channel, payload);
    repeats.set(id, { position, until: now + dedupeWindowMs });
    return position;
  }

  function store(channel: BrokerChannel, payload: Payload): string {
    return String(channel.append(payload, target.only).sequence);
  }

  return {
    limits: {
      maxBatchCount: 1_000,
      maxBatchBytes: 16_777_216,
      maxInFlight: 1,
      entries: 'ordered',
      lingerMs: 0,
    },
    dead: connection.dead,
    prepare: (message) => prepare(message, settings.maxMessageBytes),
    send,
    close() {
      connection.end();
      return Promise.resolve();
    },
  };
}

function all(
  batch: readonly Prepared[],
  certainty: 'rejected' | 'unknown',
  error = unavailable('the send was given up'),
): SendOutcome[] {
  return batch.map(() => ({ ok: false, certainty, error }));
}

function findOrMake(broker: BrokerState, address: Address, { shards }: Settings): void {
  const target = targetOf(address, shards);
  if (address.role === 'main' || address.native !== undefined) {
    broker.find(target);
    return;
  }
  // A group may begin by reading, with nobody to provision it, and then has a place for its dead letters too.
  broker.find(targetOf({ channel: address.channel, role: 'main' }, shards));
  broker.make(target, 'earliest');
}
