import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { startOwnBroker, type OwnBroker } from '../src/index.ts';
import { isAlive } from '../src/process-identity.ts';
import { readRecords, type LocalRun } from '../src/run-record.ts';

/** One broker for the tests of a file, started here from this machine's programs. */
export interface OwnEngine {
  readonly broker: OwnBroker;
  readonly environment: Readonly<Record<string, string>>;
  variable(name: string): string;
  record(): Promise<LocalRun>;
  /** Ends the broker, and resolves to what is left of it: processes, by command, and records. */
  leftAfterStop(): Promise<readonly string[]>;
  /** The local addresses that its processes listen on. */
  listeningOn(): Promise<readonly string[]>;
}

export function ownEngine(name: string): OwnEngine {
  let folder = '';
  let broker: OwnBroker | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'intermodal-run-'));
    vi.stubEnv('INTERMODAL_RUN', folder);
    vi.stubEnv('INTERMODAL_BROKERS_FROM', 'local');
    broker = await startOwnBroker(name);
  });
  afterAll(async () => {
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
    vi.unstubAllEnvs();
  });
  const running = (): OwnBroker => {
    if (broker) return broker;
    throw new Error(`${name} was not started`);
  };
  const record = async (): Promise<LocalRun> => {
    const stored = (await readRecords()).find(({ record: found }) => found.broker === name);
    if (stored?.record.from === 'local') return stored.record;
    throw new Error(`${name} has no record`);
  };
  return {
    get broker() {
      return running();
    },
    get environment() {
      return running().environment;
    },
    variable(meaning) {
      const value = running().environment[meaning];
      if (value === undefined) throw new Error(`${name} gives no ${meaning}`);
      return value;
    },
    record,
    async leftAfterStop() {
      const { processes, data } = await record();
      await running().stop();
      const alive = await Promise.all(processes.map(isAlive));
      const left = processes.filter((_, index) => alive[index]).map(({ pid }) => String(pid));
      const records = await readRecords();
      // A broker's own children end by themselves as soon as they notice.
      const deadline = Date.now() + 5000;
      let children = await commandsWith(data);
      while (children.length > 0 && Date.now() < deadline) children = await commandsWith(data);
      return [...left, ...children, ...records.map(({ file }) => file)];
    },
    async listeningOn() {
      const { ports } = await record();
      return listeners(new Set(Object.values(ports)));
    },
  };
}

/** What still runs with that folder among its arguments or in its environment. */
async function commandsWith(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = async (file: string): Promise<string> =>
        readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const text = (await read('cmdline')) + (await read('environ'));
      return text.includes(folder) ? [text.split('\0', 1).join()] : [];
    }),
  );
  return found.flat();
}

async function listeners(ports: ReadonlySet<number>): Promise<readonly string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')),
  );
  const addresses = tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      const [address, port] = local?.split(':') ?? [];
      return state === '0A' && address && ports.has(Number.parseInt(port ?? '', 16))
        ? [address]
        : [];
    }),
  );
  return [...new Set(addresses)];
}
