import { parseArgs } from 'node:util';
import { NotAvailable, type Broker } from './broker.ts';
import { discoverBrokers } from './discover.ts';
import { bringUp, broughtUp, takeDown, type RunningBroker } from './start.ts';

const usage = `pnpm brokers up [name…]      start brokers, the usual ones unless named, and leave them running
pnpm brokers down [name…]    end those that were started so
pnpm brokers status          what runs, and what there is
pnpm brokers env             export lines for a shell: eval "$(pnpm --silent brokers env)"

  --json   one JSON object a line on standard output
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [command, ...names] = positionals;

const commands: Readonly<Record<string, () => Promise<number>>> = { up, down, status, env, help };

process.exitCode = await run();

async function run(): Promise<number> {
  const chosen = commands[values.help ? 'help' : (command ?? '')];
  if (chosen) return chosen();
  process.stderr.write(usage);
  return 2;
}

function help(): Promise<number> {
  process.stdout.write(usage);
  return Promise.resolve(0);
}

async function up(): Promise<number> {
  const outcomes = await Promise.all((names.length > 0 ? names : await startable()).map(upOne));
  return outcomes.every(Boolean) ? 0 : 1;
}

async function upOne(name: string): Promise<boolean> {
  const began = performance.now();
  try {
    const broker = await bringUp(name);
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    report(broker, seconds);
    return true;
  } catch (error) {
    // A broker that cannot be had explains itself; anything else is ours, and wants its stack.
    const why = error instanceof NotAvailable ? error.message : describe(error);
    if (values.json) line({ broker: name, state: 'failed', reason: why });
    process.stderr.write(`${why}\n`);
    return false;
  }
}

function report({ name, from, environment }: RunningBroker, seconds: number): void {
  if (values.json) return line({ broker: name, state: 'up', from, environment, seconds });
  const addresses = Object.values(environment).join(' ');
  process.stdout.write(`${name.padEnd(18)} up    ${addresses}  (${from}, ${seconds} s)\n`);
}

async function down(): Promise<number> {
  const running = (await broughtUp()).map(({ record }) => record.broker);
  for (const name of names.length > 0 ? names : running) {
    const ended = await takeDown(name);
    const state = ended ? 'down' : 'not started here';
    if (values.json) line({ broker: name, state });
    else process.stdout.write(`${name.padEnd(18)} ${state}\n`);
  }
  return 0;
}

async function status(): Promise<number> {
  const running = await broughtUp();
  for (const broker of await discoverBrokers()) {
    const found = running.find(({ record }) => record.broker === broker.name);
    const given = broker.given(process.env);
    const state = given ? 'given' : stateOf(found?.alive);
    const environment = given ?? found?.record.environment ?? {};
    const log = found?.record.logFile;
    if (values.json) {
      line({ broker: broker.name, state, environment, ...(log && { log }), offers: broker.offers });
    } else {
      const addresses = Object.values(environment).join(' ');
      process.stdout.write(
        `${broker.name.padEnd(18)} ${state.padEnd(6)} ${addresses || broker.offers}\n`,
      );
      if (log) process.stdout.write(`${' '.repeat(26)}log ${log}\n`);
    }
  }
  return 0;
}

async function env(): Promise<number> {
  for (const { record, alive } of await broughtUp()) {
    if (!alive) continue;
    for (const [name, value] of Object.entries(record.environment)) {
      process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
    }
  }
  return 0;
}

/** Without names: all but those that can only be given and were not, and those to be asked for. */
async function startable(): Promise<readonly string[]> {
  return (await discoverBrokers())
    .filter((broker) => broker.given(process.env) ?? isStarted(broker))
    .map(({ name }) => name);
}

function isStarted({ local, compose, onlyByName }: Broker): boolean {
  return !onlyByName && (local ?? compose) !== undefined;
}

function stateOf(alive: boolean | undefined): string {
  if (alive === undefined) return 'down';
  return alive ? 'up' : 'died';
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function line(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
