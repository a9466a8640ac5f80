import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBatches } from '../src/batches.ts';
import type { LedgerEntry } from '../src/ledger-entry.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../src/ledger.ts';
import { Refusal } from '../src/refusal.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-ledger-'));
  path = join(folder, 'ledger.jsonl');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const message = { channel: 'stage', customer: 'c', sequence: 1, step: 0 };
const entries: readonly LedgerEntry[] = [
  { type: 'intent', id: 'a', ...message },
  { type: 'confirmed', id: 'a' },
  { type: 'handled', group: 'stage', id: 'a', ...message, customer: 'Zoë "the\nfirst"' },
  { type: 'dead-lettered', group: 'stage', id: 'b' },
];

interface Opened {
  readonly ledger: Ledger;
  readonly replayed: readonly LedgerEntry[];
}

async function open(options: Partial<LedgerOptions> = {}): Promise<Opened> {
  const replayed: LedgerEntry[] = [];
  const ledger = await openLedger({
    folder,
    transport: 'sqs',
    orders: 'sha256:1',
    replay: (entry) => replayed.push(entry),
    ...options,
  });
  return { ledger, replayed };
}

async function written(): Promise<string> {
  const { ledger } = await open();
  for (const entry of entries) await ledger.append([entry]);
  await ledger.close();
  return readFileSync(path, 'utf8');
}

describe('a ledger', () => {
  test('is read again as it was written, and stays the ledger of its run', async () => {
    const first = await open();
    await first.ledger.append(entries.slice(0, 3));
    await first.ledger.append(entries.slice(3));
    await first.ledger.close();
    const second = await open();
    await second.ledger.append(entries.slice(0, 1));
    await second.ledger.close();
    const third = await open();
    await third.ledger.close();
    expect(first.replayed).toEqual([]);
    expect(second.replayed).toEqual(entries);
    expect(third.replayed).toEqual([...entries, entries[0]]);
    expect(new Set([first, second, third].map(({ ledger }) => ledger.run)).size).toBe(1);
  });

  test('makes its folder', async () => {
    const { ledger } = await open({ folder: join(folder, 'a', 'b') });
    await ledger.append(entries);
    await ledger.close();
    expect(readFileSync(join(folder, 'a', 'b', 'ledger.jsonl'), 'utf8')).toContain('"run"');
  });

  test('has what append promised, before it is closed', async () => {
    const { ledger } = await open();
    await ledger.append(entries);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(entries.length + 2);
    await ledger.close();
  });

  test('broken off anywhere, it is gone on from with the lines that were whole', async () => {
    const text = await written();
    const whole = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (bytes) => {
        writeFileSync(path, text);
        truncateSync(path, bytes);
        const lines = whole.subarray(0, bytes).toString('latin1').split('\n').length - 1;
        const { ledger, replayed } = await open();
        await ledger.append(entries.slice(0, 1));
        await ledger.close();
        expect(replayed).toEqual(entries.slice(0, Math.max(0, lines - 1)));
        const again = await open();
        await again.ledger.close();
        expect(again.replayed).toEqual([...replayed, entries[0]]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('refused in a sentence', () => {
  test('a ledger of another transport', async () => {
    await written();
    await expect(open({ transport: 'memory' })).rejects.toThrow(
      new Refusal(
        `The ledger in '${folder}' is of a run on 'sqs', not on 'memory': name another folder with --state.`,
      ),
    );
  });

  test('a ledger of other orders', async () => {
    await written();
    await expect(open({ orders: 'sha256:2' })).rejects.toThrow(/with other orders: name another/);
  });

  test.each([
    ['something else', 'not a ledger\n', 'it does not begin with a run'],
    ['binary data', Buffer.from([0xff, 0x0a]), 'it does not begin with a run'],
    ['no line at all', 'x'.repeat(70_000), 'its last line never ends'],
  ])('%s', async (_, content, reason) => {
    writeFileSync(path, content);
    await expect(open()).rejects.toThrow(
      new Refusal(`'${path}' is not a ledger that can be gone on from: ${reason}.`),
    );
  });

  test('a line within that is damaged', async () => {
    const lines = (await written()).split('\n');
    writeFileSync(path, lines.with(2, '{"type":"confirmed"}').join('\n'));
    await expect(open()).rejects.toThrow(/line 3 is no entry\.$/);
  });

  test('a folder that is a file', async () => {
    writeFileSync(path, '');
    await expect(open({ folder: path })).rejects.toThrow(
      `The ledger in '${path}' cannot be opened: a part of the path is a file, not a folder.`,
    );
  });
});

describe('batches', () => {
  interface Write {
    readonly text: string;
    readonly done: () => void;
    readonly fail: (error: Error) => void;
  }

  function recording(): {
    readonly writes: Write[];
    readonly write: (text: string) => Promise<void>;
  } {
    const writes: Write[] = [];
    return {
      writes,
      write: (text) =>
        new Promise((done, fail) => {
          writes.push({ text, done, fail });
        }),
    };
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('what is added while a write is under way goes out as one, after it', async () => {
    const { writes, write } = recording();
    const batches = createBatches(write);
    const settled: string[] = [];
    const add = (text: string): void => void batches.add(text).then(() => settled.push(text));
    add('a');
    await turn();
    add('b');
    add('c');
    await turn();
    expect(writes.map(({ text }) => text)).toEqual(['a']);
    writes[0]?.done();
    await turn();
    expect(settled).toEqual(['a']);
    expect(writes.map(({ text }) => text)).toEqual(['a', 'bc']);
    writes[1]?.done();
    await batches.idle();
    expect(settled).toEqual(['a', 'b', 'c']);
  });

  test('after a write that failed, nothing is written any more', async () => {
    const { writes, write } = recording();
    const batches = createBatches(write);
    const first = batches.add('a');
    await turn();
    const second = batches.add('b');
    writes[0]?.fail(new Error('full'));
    await expect(first).rejects.toThrow('full');
    await expect(second).rejects.toThrow('full');
    await expect(batches.add('c')).rejects.toThrow('full');
    await batches.idle();
    expect(writes).toHaveLength(1);
  });
});
