import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotAvailable, type Broker, type ComposeWay, type Ports } from './broker.ts';
import { runFolder, workspaceFolder } from './folders.ts';
import type { Instance, LaunchOptions } from './instance.ts';
import { newLogFile } from './logs.ts';
import { freePorts } from './ports.ts';
import { removeRecord, writeRecord, type ComposeRun } from './run-record.ts';
import { answersWithin } from './wait-until-answers.ts';

const run = promisify(execFile);
const composeFile = join(workspaceFolder, 'compose.yaml');
const maxOutputBytes = 64 * 1024 * 1024;

/** Whether Docker Compose is installed and its engine answers, within seconds. */
export async function composeAnswers(): Promise<boolean> {
  try {
    await run('docker', ['compose', 'version'], { timeout: 5000 });
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

/** Starts a broker's service of `compose.yaml` in a Compose project of its own; resolves when it answers. */
export async function launchByCompose(
  broker: Broker,
  way: ComposeWay,
  { recordFile, owner }: LaunchOptions,
): Promise<Instance> {
  const ports = await freePorts(broker.ports);
  const record: ComposeRun = {
    broker: broker.name,
    from: 'compose',
    environment: broker.environment(ports),
    ports,
    logFile: await newLogFile(broker.name),
    startedAt: new Date().toISOString(),
    project: projectName(broker, owner === undefined ? undefined : randomUUID().slice(0, 8)),
    service: way.service,
    ...(owner && { owner }),
  };
  const docker = async (...args: readonly string[]): Promise<string> => compose(record, ...args);

  const answers = async (): Promise<void> => {
    if (await answersWithin(broker, record.environment, 120_000)) return;
    throw new NotAvailable(`${broker.name} by Docker Compose did not answer within 120 s`);
  };

  const instance: Instance = {
    record,
    kill: async () => void (await docker('kill', '--signal', 'SIGKILL', way.service)),
    async restart() {
      await docker('restart', way.service);
      await answers();
    },
    freeze: async () => void (await docker('pause', way.service)),
    thaw: async () => void (await docker('unpause', way.service)),
    run: async (command, ...args) => docker('exec', '-T', way.service, command, ...args),
    logs: async () => docker('logs', '--no-color', way.service),
    async stop() {
      await endComposeRun(record);
      await removeRecord(recordFile);
    },
  };

  await writeRecord(recordFile, record);
  try {
    await docker('up', '--detach', '--no-build', way.service);
    await answers();
    return instance;
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

/** Ends what a record names, from whichever process; the log stays. */
export async function endComposeRun(record: ComposeRun): Promise<void> {
  const logs = await compose(record, 'logs', '--no-color', record.service).catch(() => '');
  await writeFile(record.logFile, logs);
  await compose(record, 'down', '--volumes', '--timeout', '10');
}

async function compose(record: ComposeRun, ...args: readonly string[]): Promise<string> {
  const project = ['--file', composeFile, '--project-name', record.project];
  const env = { ...process.env, ...portVariables(record.broker, record.ports) };
  const options = { env, maxBuffer: maxOutputBytes };
  const { stdout } = await run('docker', ['compose', ...project, ...args], options);
  return stdout;
}

function portVariables(broker: string, ports: Ports): Record<string, string> {
  const upper = (name: string): string => name.replaceAll('-', '_').toUpperCase();
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [
      `INTERMODAL_${upper(broker)}_${upper(name)}_PORT`,
      String(port),
    ]),
  );
}

/** Two checkouts on one machine must not share containers, nor may two brokers of one's own. */
function projectName(broker: Broker, own: string | undefined): string {
  const checkout = createHash('sha256').update(runFolder()).digest('hex').slice(0, 8);
  return ['intermodal', checkout, broker.name, own].filter(Boolean).join('-');
}
