// Asks the emulators of SQS what AWS's documents answer, and prints the differences as a table:
//   node tools/brokers/experiments/main.ts [--write] [fauxqs] [moto]
// With `--write` the table replaces the one in docs/emulators.md.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { awsClientOptions, startOwnBroker, type OwnBroker } from '../src/index.ts';
import { workspaceFolder } from '../src/folders.ts';
import { deadLetters } from './dead-letters.ts';
import { observe, type Experiment, type Observation } from './experiment.ts';
import { fifo } from './fifo.ts';
import { openLab, type Lab } from './lab.ts';
import { contents, requests, sizes } from './limits.ts';
import { polling } from './polling.ts';
import { queues } from './queues.ts';
import { settling } from './settling.ts';
import { systemAttributes } from './system-attributes.ts';
import { insertTable, tableOf } from './table.ts';

type Emulator = 'fauxqs' | 'moto';

const experiments: readonly Experiment[] = [
  ...sizes,
  ...contents,
  ...requests,
  ...systemAttributes,
  ...polling,
  ...settling,
  ...fifo,
  ...deadLetters,
  ...queues,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const emulators = (
  positionals.length > 0 ? positionals : ['fauxqs', 'moto']
) as readonly Emulator[];

const columns = new Map<string, readonly Observation[]>();
for (const emulator of emulators) columns.set(emulator, await column(emulator));
const table = tableOf(columns);
if (values.write) {
  const file = join(workspaceFolder, 'docs', 'emulators.md');
  await writeFile(file, insertTable(await readFile(file, 'utf8'), table));
} else {
  process.stdout.write(`${table}\n`);
}

async function column(emulator: Emulator): Promise<readonly Observation[]> {
  await using broker = await startOwnBroker(emulator);
  const sqs = new SQSClient({ ...awsClientOptions(emulator, broker.environment), maxAttempts: 1 });
  const lab = openLab(sqs);
  try {
    const observations = await inParallel(6, experiments, async (experiment) => {
      const observation = await observe(experiment, lab);
      process.stderr.write(
        `${emulator}: ${experiment.topic}: ${experiment.name}: ${observation.seen}\n`,
      );
      return observation;
    });
    return [...observations, await observe(survival(broker), lab)];
  } finally {
    sqs.destroy();
  }
}

/** Last, since it ends everything else. */
function survival(broker: OwnBroker): Experiment {
  return {
    topic: 'Durability',
    name: 'a message survives SIGKILL and a restart',
    aws: 'x',
    async observe({ queue, sqs }: Lab) {
      const { url, bodies } = await queue();
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }));
      await broker.kill();
      await broker.restart();
      return bodies();
    },
  };
}

async function inParallel<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
