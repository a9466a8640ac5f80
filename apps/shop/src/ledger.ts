import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createBatches } from './batches.ts';
import { LedgerEntry, LedgerHead } from './ledger-entry.ts';
import { fileProblem, Refusal } from './refusal.ts';
import { textLines } from './text-lines.ts';

/** Where a run writes down what it does, so that another process can go on from it. */
export interface Ledger {
  readonly run: string;
  /** Resolves once the entries, and those of earlier calls, are on disk. */
  append(entries: readonly LedgerEntry[]): Promise<void>;
  /** Resolves when nothing is being written. Never rejects for what could not be written. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly folder: string;
  readonly transport: string;
  /** Digest of the orders' file: another file would make nonsense of the ledger. */
  readonly orders: string;
  /** Called for each entry of an earlier process, in order. */
  readonly replay: (entry: LedgerEntry) => void;
}

/** A ledger that forgets: for a run that need not outlive its process. */
export function forgetfulLedger(): Ledger {
  const done = Promise.resolve();
  return { run: newRun(), append: () => done, close: () => done };
}

/**
 * Opens the ledger of a folder, or begins one. One process at a time.
 *
 * @throws Refusal where it cannot be used, or belongs to another transport or to other orders
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const path = join(options.folder, 'ledger.jsonl');
  const file = await openFile(options.folder, path);
  try {
    await dropTornLine(file, path);
    const head = await replay(path, options);
    const batches = createBatches(async (text) => {
      await file.appendFile(text);
      await file.datasync();
    });
    const run = head?.run ?? newRun();
    if (head === undefined) {
      const { transport, orders } = options;
      const first: LedgerHead = { type: 'run', version: 1, run, transport, orders };
      await batches.add(line(first));
    }
    return {
      run,
      append: (entries) =>
        entries.length === 0 ? Promise.resolve() : batches.add(entries.map(line).join('')),
      async close() {
        await batches.idle();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(folder: string, path: string): Promise<FileHandle> {
  try {
    await mkdir(folder, { recursive: true });
    return await open(path, 'a+');
  } catch (error) {
    throw new Refusal(`The ledger in '${folder}' cannot be opened: ${fileProblem(error)}.`, {
      cause: error,
    });
  }
}

/** The process may have died within a line: what had not been written in full had not been promised to anyone. */
async function dropTornLine(file: FileHandle, path: string): Promise<void> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, 65_536));
  await file.read(tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(0x0a) + 1;
  if (end === 0 && size > tail.length) throw damaged(path, 'its last line never ends');
  if (end < tail.length) await file.truncate(size - tail.length + end);
}

/** Undefined for a new ledger. */
async function replay(path: string, options: LedgerOptions): Promise<LedgerHead | undefined> {
  let head: LedgerHead | undefined;
  for await (const { number, text } of textLines(createReadStream(path))) {
    const value = text === undefined ? undefined : parse(text);
    if (head === undefined) {
      const parsed = LedgerHead.safeParse(value);
      if (!parsed.success) throw damaged(path, 'it does not begin with a run');
      head = parsed.data;
      checkHead(head, options);
    } else {
      const parsed = LedgerEntry.safeParse(value);
      if (!parsed.success) throw damaged(path, `line ${number} is no entry`);
      options.replay(parsed.data);
    }
  }
  return head;
}

function checkHead(head: LedgerHead, { folder, transport, orders }: LedgerOptions): void {
  if (head.transport !== transport) {
    throw new Refusal(
      `The ledger in '${folder}' is of a run on '${head.transport}', not on '${transport}': name another folder with --state.`,
    );
  }
  if (head.orders === orders) return;
  throw new Refusal(
    `The ledger in '${folder}' is of a run with other orders: name another folder with --state.`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function line(value: LedgerHead | LedgerEntry): string {
  return `${JSON.stringify(value)}\n`;
}

function newRun(): string {
  return crypto.randomUUID().slice(0, 8);
}

function damaged(path: string, what: string): Refusal {
  return new Refusal(`'${path}' is not a ledger that can be gone on from: ${what}.`);
}
