import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  NotAvailable,
  type Broker,
  type LocalWay,
  type Place,
  type ProcessSpec,
} from './broker.ts';
import type { Instance, LaunchOptions } from './instance.ts';
import { logTail, newLogFile } from './logs.ts';
import { freePorts } from './ports.ts';
import {
  endProcess,
  identify,
  killProcess,
  signalProcess,
  type ProcessIdentity,
} from './process-identity.ts';
import { removeRecord, writeRecord, type LocalRun } from './run-record.ts';
import { accepts } from './tcp-answers.ts';
import { answersWithin } from './wait-until-answers.ts';

const execute = promisify(execFile);
const portTaken = /EADDRINUSE|address already in use|eaddrinuse/i;

interface Started {
  readonly spec: ProcessSpec;
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
}

/** Starts a broker's own programs on this machine; resolves when it answers. */
export async function launchLocally(
  broker: Broker,
  way: LocalWay,
  options: LaunchOptions,
): Promise<Instance> {
  await way.prepare(options.progress);
  const logFile = await newLogFile(broker.name);
  const data = await mkdtemp(join(tmpdir(), `intermodal-${broker.name}-`));
  for (let tries = 1; ; tries += 1) {
    const place: Place = { data, ports: await freePorts(broker.ports) };
    const instance = localInstance(broker, way, place, logFile, options);
    try {
      await instance.restart();
      return instance;
    } catch (error) {
      await instance.kill();
      const taken = portTaken.test(await logTail(logFile, 200));
      if (taken && tries < 3) continue;
      await instance.stop();
      throw error;
    }
  }
}

/** Ends what a record names, from whichever process; the log stays. */
export async function endLocalRun(record: LocalRun): Promise<void> {
  // What it would save is removed: there is nothing to wait for.
  for (const identity of record.processes.toReversed()) await killProcess(identity);
  await rm(record.data, { recursive: true, force: true });
}

function localInstance(
  broker: Broker,
  way: LocalWay,
  place: Place,
  logFile: string,
  { recordFile, owner }: LaunchOptions,
): Instance {
  let started: readonly Started[] = [];
  const startedAt = new Date().toISOString();
  const record = (): LocalRun => ({
    broker: broker.name,
    from: 'local',
    environment: broker.environment(place.ports),
    ports: place.ports,
    logFile,
    startedAt,
    data: place.data,
    processes: started.map(({ identity }) => identity),
    ...(owner && { owner }),
  });

  const ofMember = (member: string | undefined): readonly Started[] => {
    if (member === undefined) return started;
    const found = started.filter(({ spec }) => spec.member === member);
    if (found.length > 0) return found;
    throw new Error(`${broker.name} has no member ${member}`);
  };

  const signal = async (name: NodeJS.Signals, member?: string): Promise<void> => {
    for (const { identity } of ofMember(member)) await signalProcess(identity, name);
  };

  const start = async (specs: readonly ProcessSpec[]): Promise<void> => {
    const fresh: Started[] = [];
    for (const spec of specs) {
      const one = await spawnLogged(spec, place, logFile);
      fresh.push(one);
      started = [...started, one];
      if (owner) endWithUs([one]);
      await writeRecord(recordFile, record());
      await listening(spec, one);
    }
    const anyEnded = (): boolean => fresh.some(({ child }) => hasEnded(child));
    const environment = broker.environment(place.ports);
    const withinMs = way.readyWithinMs ?? 60_000;
    if (await answersWithin(broker, environment, withinMs, anyEnded)) return;
    const what = anyEnded() ? 'ended while starting' : `did not answer within ${withinMs / 1000} s`;
    throw new NotAvailable(
      `${broker.name} ${what}; ${logFile} ends with:\n${await logTail(logFile)}`,
    );
  };

  return {
    get record() {
      return record();
    },
    async kill(member) {
      for (const { identity } of ofMember(member).toReversed()) await killProcess(identity);
    },
    async restart(member) {
      const ending = ofMember(member);
      for (const { identity } of ending.toReversed()) await endProcess(identity);
      started = started.filter((one) => !ending.includes(one));
      const specs = await way.processes(place);
      await start(specs.filter((spec) => member === undefined || spec.member === member));
    },
    freeze: async (member) => signal('SIGSTOP', member),
    thaw: async (member) => signal('SIGCONT', member),
    run: async (name, ...args) => runCommand(broker, way.command?.(place, name, args), name),
    logs: async () => readFile(logFile, 'utf8'),
    async stop() {
      await endLocalRun(record());
      await removeRecord(recordFile);
    },
  };
}

async function spawnLogged(spec: ProcessSpec, place: Place, logFile: string): Promise<Started> {
  const log = await open(logFile, 'a');
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.workingFolder ?? place.data,
      env: { ...process.env, ...spec.env },
      // A group of its own: Ctrl-C is for us, and we end the broker in our own order.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    const { pid } = child;
    const identity = pid === undefined ? undefined : await identify(pid);
    // Nothing is left to identify of a process that ended at once; `hasEnded` tells.
    return { spec, child, identity: identity ?? { pid: pid ?? 0, started: 'ended' } };
  } finally {
    await log.close();
  }
}

/** Waits until the process listens where it said it would, or has ended. */
async function listening({ listensOn }: ProcessSpec, { child }: Started): Promise<void> {
  if (listensOn === undefined) return;
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline && !hasEnded(child) && !(await accepts(listensOn))) await wait(20);
}

async function runCommand(
  broker: Broker,
  spec: ProcessSpec | undefined,
  name: string,
): Promise<string> {
  if (!spec) throw new Error(`${broker.name} has no command ${name}`);
  const env = { ...process.env, ...spec.env };
  const options = { env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
  return (await execute(spec.command, spec.args, options)).stdout;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

const ours = new Set<ChildProcess>();
let isKillingAtExit = false;

/** What is left of our own brokers when this process exits goes with it. */
function endWithUs(started: readonly Started[]): void {
  if (!isKillingAtExit) process.once('exit', killOurs);
  isKillingAtExit = true;
  for (const { child } of started) {
    ours.add(child);
    child.once('exit', () => ours.delete(child));
  }
}

function killOurs(): void {
  for (const child of ours) child.kill('SIGKILL');
}
