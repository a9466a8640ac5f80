import type { Burst } from './burst.ts';
import type { Database } from './database.ts';

/** The database compared with what was confirmed, row by row. */
export interface Audit {
  readonly missing: number;
  /** There, and not as they were sent. */
  readonly altered: number;
  /** There, and neither confirmed nor of unknown outcome. */
  readonly unexpected: number;
  /** Rows whose effect was booked more than once; the sum of the values is proof to the unit. */
  readonly bookedTwice: number;
  /** What the books say too much or too little. */
  readonly valueOff: number;
}

export function audit(database: Database, { confirmed, unknown }: Burst): Audit {
  const rows = database.rows();
  const found = new Set(rows.map(({ id }) => id));
  const { inserted, value } = database.totals();
  const known = rows.filter(({ id }) => confirmed.has(id));
  return {
    missing: [...confirmed.keys()].filter((id) => !found.has(id)).length,
    altered: known.filter((row) => JSON.stringify(row) !== JSON.stringify(confirmed.get(row.id)))
      .length,
    unexpected: rows.length - known.length - rows.filter(({ id }) => unknown.has(id)).length,
    bookedTwice: inserted - found.size,
    valueOff: value - rows.reduce((sum, row) => sum + row.value, 0),
  };
}
