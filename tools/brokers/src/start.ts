import {
  NotAvailable,
  type Broker,
  type BrokerEnvironment,
  type LocalWay,
  type Progress,
} from './broker.ts';
import { composeAnswers, endComposeRun, launchByCompose } from './compose.ts';
import { findBroker } from './discover.ts';
import { runFolder } from './folders.ts';
import type { Instance, LaunchOptions } from './instance.ts';
import { endLocalRun, launchLocally } from './local.ts';
import { withLock } from './lock.ts';
import { logTail } from './logs.ts';
import { identify, isAlive } from './process-identity.ts';
import {
  isStillRunning,
  readRecords,
  readSharedRecord,
  recordFile,
  removeRecord,
  type RunRecord,
  type StoredRecord,
} from './run-record.ts';
import { answersNow } from './wait-until-answers.ts';

/** How a broker was come by. */
export type Origin = 'given' | 'running' | 'compose' | 'local';

export interface StartOptions {
  /** Where addresses and the choice of ways are looked up. @defaultValue `process.env` */
  readonly environment?: NodeJS.ProcessEnv;
  /** Told what takes its time. @defaultValue lines on standard error */
  readonly progress?: Progress;
}

/** A broker that answers. */
export interface RunningBroker extends AsyncDisposable {
  readonly name: string;
  readonly from: Origin;
  /** The variables under which programs find it. */
  readonly environment: BrokerEnvironment;
  /** What it has written; empty for a broker that was given. */
  logs(): Promise<string>;
  /** Ends it if this process started it, and leaves it alone if not. */
  stop(): Promise<void>;
}

/** A broker that nobody else uses, and that may therefore be treated badly. */
export interface OwnBroker
  extends RunningBroker, Pick<Instance, 'kill' | 'restart' | 'freeze' | 'thaw' | 'run'> {
  readonly from: 'compose' | 'local';
}

/**
 * The broker of that name: the one the environment gives, the one `pnpm brokers up` started, or one
 * that ends with this process, by Docker Compose if an engine answers or from this machine's programs.
 *
 * @throws NotAvailable with what to install or to set.
 */
export async function startBroker(
  name: string,
  options: StartOptions = {},
): Promise<RunningBroker> {
  const broker = await findBroker(name);
  await endOrphans();
  const found = await findRunning(broker, options);
  return found ?? (await launchOwn(broker, options));
}

/**
 * A new broker of that name for this process alone, whatever runs already.
 *
 * @throws NotAvailable with what to install, and for brokers that can only be given.
 */
export async function startOwnBroker(name: string, options: StartOptions = {}): Promise<OwnBroker> {
  const broker = await findBroker(name);
  await endOrphans();
  return launchOwn(broker, options);
}

/** Like `startBroker`, but what it starts goes on until `takeDown`. */
export async function bringUp(name: string, options: StartOptions = {}): Promise<RunningBroker> {
  const broker = await findBroker(name);
  await endOrphans();
  const waiting = (pid: number): void =>
    progressOf(options)(`${name}: waiting for process ${pid}, which is starting one`);
  return withLock(
    `${runFolder()}/${name}.lock`,
    async () => {
      const found = await findRunning(broker, options);
      if (found) return found;
      const instance = await launch(broker, options, {
        recordFile: recordFile(name, undefined),
        owner: undefined,
        progress: progressOf(options),
      });
      return fromRecord(instance.record, instance.record.from);
    },
    waiting,
  );
}

/** Ends the broker that `bringUp` started, from whichever process; resolves to whether there was one. */
export async function takeDown(name: string): Promise<boolean> {
  const stored = await readSharedRecord(name);
  if (!stored) return false;
  await endRun(stored);
  return true;
}

/** Every broker that `bringUp` started and `takeDown` has not ended, and whether it still runs. */
export async function broughtUp(): Promise<readonly { record: RunRecord; alive: boolean }[]> {
  await endOrphans();
  const shared = (await readRecords()).filter(({ record }) => !record.owner);
  return Promise.all(
    shared.map(async ({ record }) => ({ record, alive: await isStillRunning(record) })),
  );
}

async function findRunning(
  broker: Broker,
  options: StartOptions,
): Promise<RunningBroker | undefined> {
  const given = broker.given(options.environment ?? process.env);
  if (given) {
    if (await answersNow(broker, given)) return givenBroker(broker, given);
    throw new NotAvailable(`${broker.name}: nothing answers at ${addressOf(given)}`);
  }
  const stored = await readSharedRecord(broker.name);
  if (!stored) return undefined;
  const { record } = stored;
  if ((await isStillRunning(record)) && (await answersNow(broker, record.environment))) {
    return fromRecord(record, 'running');
  }
  await endRun(stored);
  return undefined;
}

async function launchOwn(broker: Broker, options: StartOptions): Promise<OwnBroker> {
  const owner = await identify(process.pid);
  const instance = await launch(broker, options, {
    recordFile: recordFile(broker.name, owner),
    owner,
    progress: progressOf(options),
  });
  return {
    ...fromRecord(instance.record, instance.record.from),
    from: instance.record.from,
    logs: instance.logs,
    kill: instance.kill,
    restart: instance.restart,
    freeze: instance.freeze,
    thaw: instance.thaw,
    run: instance.run,
    stop: instance.stop,
    [Symbol.asyncDispose]: instance.stop,
  };
}

async function launch(
  broker: Broker,
  options: StartOptions,
  launchOptions: LaunchOptions,
): Promise<Instance> {
  const { compose, local } = broker;
  const only = wayAsked(options);
  if (compose && only !== 'local' && (await composeAnswers())) {
    try {
      return await launchByCompose(broker, compose, launchOptions);
    } catch (error) {
      if (only === 'compose' || !local) throw error;
      launchOptions.progress(`${broker.name}: not by Docker Compose: ${firstLine(error)}`);
    }
  } else if (only === 'compose') {
    throw new NotAvailable(
      `${broker.name}: ${compose ? 'no Docker engine answers' : 'has no Compose service'}`,
    );
  }
  return launchLocally(broker, localWayOf(broker, local), launchOptions);
}

function localWayOf(broker: Broker, local: LocalWay | undefined): LocalWay {
  if (local) return local;
  throw new NotAvailable(`${broker.name}: cannot be started here, only given: ${broker.offers}`);
}

/** `INTERMODAL_BROKERS_FROM` narrows the ways to one. */
function wayAsked({ environment = process.env }: StartOptions): 'compose' | 'local' | undefined {
  const asked = environment['INTERMODAL_BROKERS_FROM'];
  if (!asked) return undefined;
  if (asked === 'compose' || asked === 'local') return asked;
  throw new NotAvailable(`INTERMODAL_BROKERS_FROM is compose or local, not ${asked}`);
}

/** Ends brokers whose owner died without ending them. */
async function endOrphans(): Promise<void> {
  for (const stored of await readRecords()) {
    const { owner } = stored.record;
    if (owner && !(await isAlive(owner))) await endRun(stored);
  }
}

async function endRun({ file, record }: StoredRecord): Promise<void> {
  await (record.from === 'local' ? endLocalRun(record) : endComposeRun(record));
  await removeRecord(file);
}

function givenBroker(broker: Broker, environment: BrokerEnvironment): RunningBroker {
  return {
    name: broker.name,
    from: 'given',
    environment,
    logs: () => Promise.resolve(''),
    stop: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function fromRecord<From extends Origin>(
  record: RunRecord,
  from: From,
): RunningBroker & { readonly from: From } {
  return {
    name: record.broker,
    from,
    environment: record.environment,
    logs: async () => logTail(record.logFile, Infinity),
    stop: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function progressOf({ progress }: StartOptions): Progress {
  return progress ?? ((line) => void process.stderr.write(`${line}\n`));
}

function addressOf(environment: BrokerEnvironment): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
