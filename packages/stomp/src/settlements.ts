import type { SettleOutcome } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import { frameText } from './frames.ts';
import { sendFrame } from './message.ts';

/** What the broker is told of deliveries, by the connection that brought them. */
export interface Settlements {
  /** Of the acks that are written together the last has a receipt: the broker takes frames in their order. */
  ack(ids: readonly string[]): Promise<SettleOutcome>;
  /** RabbitMQ: gives one back at once. */
  requeue(id: string): Promise<SettleOutcome>;
  /** Stores a message and acks another: both or neither. */
  replace(id: string, message: Buffer): Promise<SettleOutcome>;
  /** Stores a message, then acks another. */
  storeFirst(id: string, message: Buffer): Promise<SettleOutcome>;
}

export function createSettlements(connection: Connection): Settlements {
  let transactions = 0;

  async function outcomeOf(work: Promise<void>): Promise<SettleOutcome> {
    try {
      await work;
      return 'done';
    } catch {
      // It is no longer ours, or nobody can say whether it still was.
      return 'lost';
    }
  }

  function store(message: Buffer, transaction?: string): Promise<SettleOutcome> {
    return new Promise((resolve) => {
      const receipt = connection.receipt((error, isAnswered) => {
        if (error === undefined) resolve('done');
        else resolve(isAnswered ? { failed: error } : 'lost');
      });
      connection.write(...sendFrame(message, receipt, transaction));
    });
  }

  function ack(ids: readonly string[]): Promise<SettleOutcome> {
    const last = ids.at(-1);
    if (last === undefined) return Promise.resolve('done');
    let text = '';
    for (const id of ids.slice(0, -1)) text += frameText('ACK', [['id', id]]);
    if (text !== '') connection.write(text);
    return outcomeOf(connection.ask('ACK', [['id', last]]));
  }

  return {
    ack,
    requeue: (id) => outcomeOf(connection.ask('NACK', [['id', id]])),
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
      return outcomeOf(connection.ask('COMMIT', named));
    },
    async storeFirst(id, message) {
      const stored = await store(message);
      return stored === 'done' ? ack([id]) : stored;
    },
  };
}
