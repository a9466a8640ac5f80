import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerEnvironment, Ports } from './broker.ts';
import { runFolder } from './folders.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

interface Run {
  readonly broker: string;
  readonly environment: BrokerEnvironment;
  readonly ports: Ports;
  readonly logFile: string;
  readonly startedAt: string;
  /** Set for a broker of one's own: it ends with this process. */
  readonly owner?: ProcessIdentity;
}

/** Processes of this machine. */
export interface LocalRun extends Run {
  readonly from: 'local';
  readonly data: string;
  readonly processes: readonly ProcessIdentity[];
}

/** A service of a Docker Compose project that holds nothing else. */
export interface ComposeRun extends Run {
  readonly from: 'compose';
  readonly project: string;
  readonly service: string;
}

/** What was started and must be ended: one file in the run folder each. */
export type RunRecord = LocalRun | ComposeRun;

/** A record and the file it was read from. */
export interface StoredRecord {
  readonly file: string;
  readonly record: RunRecord;
}

let ownRuns = 0;

/** Where the record of a shared broker stands, or of one's own where there is an owner. */
export function recordFile(broker: string, owner: ProcessIdentity | undefined): string {
  if (!owner) return join(runFolder(), `${broker}.json`);
  ownRuns += 1;
  return join(runFolder(), `${broker}@${owner.pid}-${ownRuns}.json`);
}

/** Replaces the record in one step: a reader sees the old one or the new one. */
export async function writeRecord(file: string, record: RunRecord): Promise<void> {
  await mkdir(runFolder(), { recursive: true });
  const draft = `${file}.draft`;
  await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, file);
}

export async function removeRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Every record of the run folder, shared and owned. */
export async function readRecords(): Promise<readonly StoredRecord[]> {
  const names = await readdir(runFolder()).catch(() => []);
  const stored = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => read(join(runFolder(), name))),
  );
  return stored.filter((one) => one !== undefined);
}

/** The record of the broker that `pnpm brokers up` started. */
export async function readSharedRecord(broker: string): Promise<StoredRecord | undefined> {
  return read(recordFile(broker, undefined));
}

/** Whether the processes it names still live; of a Compose service that is for Docker to say. */
export async function isStillRunning(record: RunRecord): Promise<boolean> {
  if (record.from === 'compose') return true;
  const alive = await Promise.all(record.processes.map(isAlive));
  return alive.length > 0 && alive.every(Boolean);
}

async function read(file: string): Promise<StoredRecord | undefined> {
  try {
    return { file, record: JSON.parse(await readFile(file, 'utf8')) as RunRecord };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
