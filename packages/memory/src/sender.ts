import {
  type Address,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import { type BrokerState, channelFor, resolve } from './broker.ts';
import type { ChannelStore } from './channel-store.ts';
import { type Connection, createConnection } from './connection.ts';
import { type Gate, unavailable } from './faults.ts';
import { type Payload, prepare } from './message.ts';
import type { Settings } from './options.ts';

const dedupeWindowMs = 300_000;

export function openSender(
  broker: BrokerState,
  owner: object,
  address: Address,
  settings: Settings,
): Sender {
  const { faults, connections } = broker;
  const target = resolve(address);
  const connection: Connection = createConnection({
    owner,
    address: target.name,
    group: target.only,
    onEnd: () => connections.delete(connection),
  });
  connections.add(connection);

  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    if (connection.over !== undefined) return batch.map(() => failed('rejected', connection.over));
    if (faults.sends.closed && !(await passes(faults.sends, signal, connection))) {
      return batch.map(() => failed('unknown', connection.over));
    }
    const outcomes = storeAll(batch);
    if (faults.confirms.closed && !(await passes(faults.confirms, signal, connection))) {
      return batch.map(() => failed('unknown', connection.over));
    }
    return outcomes;
  }

  function storeAll(batch: readonly Prepared[]): SendOutcome[] {
    let found: ChannelStore;
    try {
      found = channelFor(broker, target, settings);
    } catch (error) {
      return batch.map(() => failed('rejected', IntermodalError.from(error)));
    }
    const outcomes: SendOutcome[] = [];
    for (const { payload } of batch) {
      const outcome = storeOne(found, payload as Payload);
      outcomes.push(outcome);
      if (!outcome.ok) break;
    }
    while (outcomes.length < batch.length) {
      outcomes.push(
        failed(
          'rejected',
          unavailable('an earlier message of the batch failed: send this one again'),
        ),
      );
    }
    found.wake();
    return outcomes;
  }

  function storeOne(channel: ChannelStore, payload: Payload): SendOutcome {
    const failure = faults.nextSendFailure();
    if (failure === undefined) return { ok: true, position: append(channel, payload) };
    if (failure.certainty === 'unknown' && failure.stored) append(channel, payload);
    return failed(failure.certainty, failure.error);
  }

  /** The position that it has, or that its first copy has. */
  function append(channel: ChannelStore, payload: Payload): string {
    if (payload.dedupeId === undefined)
      return String(channel.append(payload, target.only).sequence);
    const { repeats } = broker;
    const now = broker.clock.now();
    for (const [id, { until }] of repeats) {
      if (until > now) break;
      repeats.delete(id);
    }
    const id = JSON.stringify([target.name, target.only, payload.dedupeId]);
    const position =
      repeats.get(id)?.position ?? String(channel.append(payload, target.only).sequence);
    if (!repeats.has(id)) repeats.set(id, { position, until: now + dedupeWindowMs });
    return position;
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

function failed(
  certainty: 'rejected' | 'unknown',
  error = unavailable('the send was given up'),
): SendOutcome {
  return { ok: false, certainty, error };
}

/** Whether the gate opened before the connection or the caller's patience ended. */
function passes(gate: Gate, signal: AbortSignal, connection: Connection): Promise<boolean> {
  return new Promise((resolvePassed) => {
    const leave = (passed: boolean): void => {
      gate.waits.delete(onOpen);
      connection.waits.delete(onEnd);
      signal.removeEventListener('abort', onEnd);
      resolvePassed(passed);
    };
    const onOpen = (): void => {
      leave(true);
    };
    const onEnd = (): void => {
      leave(false);
    };
    gate.waits.add(onOpen);
    connection.waits.add(onEnd);
    signal.addEventListener('abort', onEnd);
  });
}
