import type { SettleOutcome } from '@intermodal/core/driver';
import type { Connection, ReceiptListener } from './connection.ts';
import { frameText } from './frames.ts';
import { type EncodedMessage, sendFrame } from './message.ts';

/** What the broker is told of deliveries, by the connection that brought them. */
export interface Settlements {
  /**
   * Of the acks that are written together the last has a receipt, since the broker takes frames in their order. Resolves with
   * the outcome of the last; those before it are done unless it is `lost`.
   */
  ack(ids: readonly string[]): Promise<SettleOutcome>;
  /** RabbitMQ: gives one back at once. */
  requeue(id: string): Promise<SettleOutcome>;
  /** Stores a message and acks another: both or neither. */
  replace(id: string, message: EncodedMessage): Promise<SettleOutcome>;
  /** Stores a message, then acks another. */
  storeFirst(id: string, message: EncodedMessage): Promise<SettleOutcome>;
}

export function createSettlements(connection: Connection): Settlements {
  let transactions = 0;
  /** Ids of deliveries whose message is stored once more, so that nothing but their ack is left. */
  const storedFor = new Set<string>();

  function ask(
    command: string,
    headers: readonly (readonly [string, string])[],
  ): Promise<SettleOutcome> {
    return new Promise((resolve) => {
      const receipt = connection.receipt(hears(resolve));
      connection.write(frameText(command, [...headers, ['receipt', receipt]]));
    });
  }

  function store(message: EncodedMessage, transaction?: string): Promise<SettleOutcome> {
    return new Promise((resolve) => {
      const receipt = connection.receipt(hears(resolve));
      connection.write(...sendFrame(message, receipt, transaction));
    });
  }

  function ack(ids: readonly string[]): Promise<SettleOutcome> {
    const last = ids.at(-1);
    if (last === undefined) return Promise.resolve('done');
    // ActiveMQ reads no more than one frame of a WebSocket's message.
    for (const id of ids.slice(0, -1)) connection.write(frameText('ACK', [['id', id]]));
    return ask('ACK', [['id', last]]);
  }

  return {
    ack,
    requeue: (id) => ask('NACK', [['id', id]]),
    async replace(id, message) {
      transactions += 1;
      const transaction = `t${transactions}`;
      const named = [['transaction', transaction]] as const;
      connection.write(frameText('BEGIN', named));
      const stored = await store(message, transaction);
      if (stored !== 'done') {
        connection.write(frameText('ABORT', named));
        return stored;
      }
      connection.write(frameText('ACK', [['id', id], ...named]));
      const committed = await ask('COMMIT', named);
      if (typeof committed === 'string') return committed;
      // What an aborted transaction had acked stays with this connection, and comes to the next one.
      connection.fail(committed.failed);
      return 'lost';
    },
    async storeFirst(id, message) {
      if (!storedFor.has(id)) {
        const stored = await store(message);
        if (stored !== 'done') return stored;
        storedFor.add(id);
      }
      const acked = await ack([id]);
      if (typeof acked === 'string') storedFor.delete(id);
      return acked;
    },
  };
}

/** Where the connection died nobody can say whether it was still ours; a broker that does not know it says so. */
function hears(resolve: (outcome: SettleOutcome) => void): ReceiptListener {
  return (error, isAnswered) => {
    if (error === undefined) resolve('done');
    else resolve(isAnswered && error.code !== 'lease-lost' ? { failed: error } : 'lost');
  };
}
