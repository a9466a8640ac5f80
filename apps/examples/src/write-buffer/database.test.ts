import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { audit } from './audit.ts';
import { type Database, openDatabase } from './database.ts';

const rows = Array.from({ length: 5 }, (_, index) => ({
  id: `r-${index}`,
  sensor: 's',
  value: index,
}));
const burst = {
  confirmed: new Map(rows.map((row) => [row.id, row])),
  unknown: new Set<string>(),
  refused: 0,
  seconds: 1,
};
const clean = { missing: 0, altered: 0, unexpected: 0, bookedTwice: 0, valueOff: 0 };

let folder: string;
let database: Database;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-buffer-'));
  database = openDatabase(join(folder, 'rows.sqlite'));
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

test('a row is written and booked once, however often it comes', () => {
  expect(database.write(rows.slice(0, 3))).toEqual({ inserted: 3, repeated: 0 });
  expect(database.write(rows)).toEqual({ inserted: 2, repeated: 3 });
  expect(audit(database, burst)).toEqual(clean);
});

test('while somebody else has it locked nothing is written, and then all is', () => {
  const other = openDatabase(join(folder, 'rows.sqlite'));
  const unlock = other.lock();
  expect(() => database.write(rows)).toThrow('database is locked');
  unlock();
  other.close();
  expect(database.count()).toBe(0);
  database.write(rows);
  expect(audit(database, burst)).toEqual(clean);
});

test('the audit tells what is missing, altered or from nowhere', () => {
  const [first, second, ...others] = rows;
  expect(others).toHaveLength(3);
  database.write([{ ...first!, value: 9 }, second!, { id: 'else', sensor: 's', value: 1 }]);
  expect(audit(database, burst)).toEqual({ ...clean, missing: 3, altered: 1, unexpected: 1 });
});
