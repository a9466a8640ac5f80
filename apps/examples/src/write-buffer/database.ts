import { DatabaseSync } from 'node:sqlite';
import type { Reading } from './readings.ts';

/** What one transaction did. */
export interface Written {
  readonly inserted: number;
  /** Rows that were there already. */
  readonly repeated: number;
}

export interface Totals {
  readonly transactions: number;
  readonly inserted: number;
  readonly repeated: number;
  /** Sum of the values, booked with the rows that were inserted. */
  readonly value: number;
}

export interface Database {
  /** All of them or none, each once. @throws Error when the database is locked */
  readonly write: (rows: readonly Reading[]) => Written;
  /** Nobody else can write, until the returned function is called. */
  readonly lock: () => () => void;
  readonly count: () => number;
  readonly rows: () => readonly Reading[];
  readonly totals: () => Totals;
  readonly close: () => void;
}

/**
 * @param timeout How long to wait for a lock, milliseconds. Short, since it stops the process: rows wait better in the
 * queue.
 */
export function openDatabase(file: string, timeout = 100): Database {
  const database = new DatabaseSync(file, { timeout });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS readings (id TEXT PRIMARY KEY, sensor TEXT NOT NULL, value INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS transactions (inserted INTEGER NOT NULL, repeated INTEGER NOT NULL, value INTEGER NOT NULL)`);
  const insert = database.prepare(
    'INSERT INTO readings (id, sensor, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const book = database.prepare('INSERT INTO transactions VALUES (?, ?, ?)');
  const count = database.prepare('SELECT count(*) AS rows FROM readings');
  const rows = database.prepare('SELECT id, sensor, value FROM readings');
  const totals = database.prepare(`
    SELECT count(*) AS transactions, total(inserted) AS inserted, total(repeated) AS repeated, total(value) AS value
    FROM transactions`);

  function insertAll(batch: readonly Reading[]): Written {
    const fresh = batch.filter(
      ({ id, sensor, value }) => insert.run(id, sensor, value).changes > 0,
    );
    const written = { inserted: fresh.length, repeated: batch.length - fresh.length };
    const sum = fresh.reduce((total, { value }) => total + value, 0);
    // In the same transaction as the rows: were a row's effect booked twice, these sums would tell.
    book.run(written.inserted, written.repeated, sum);
    return written;
  }

  return {
    write(batch) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const written = insertAll(batch);
        database.exec('COMMIT');
        return written;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    lock() {
      database.exec('BEGIN IMMEDIATE');
      return () => {
        database.exec('ROLLBACK');
      };
    },
    count: () => Number(count.get()?.['rows']),
    rows: () => rows.all() as unknown as readonly Reading[],
    totals: () => totals.get() as unknown as Totals,
    close() {
      database.close();
    },
  };
}
