// `pnpm --filter @intermodal/fault-run amqp [--messages <n>] [--on rabbitmq|rabbitmq4] [--classic]`: one line of totals.
import { parseArgs } from 'node:util';
import { totalsLine } from '@intermodal/fault-run';
import { stopRabbit } from './broker.ts';
import { runFaultsOn } from './fault-run.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    on: { type: 'string', default: 'rabbitmq' },
    classic: { type: 'boolean', default: false },
  },
});
const broker = values.on === 'rabbitmq4' ? 'rabbitmq4' : 'rabbitmq';
const queueType = values.classic ? 'classic' : 'quorum';
try {
  const totals = await runFaultsOn({
    broker,
    queueType,
    messages: Number(values.messages),
    withinMs: 900_000,
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${broker}, ${queueType}: ${totalsLine(totals)}\n`);
  process.exitCode = totals.lost.length + totals.overtakes.length === 0 ? 0 : 1;
} finally {
  await stopRabbit(broker);
}
