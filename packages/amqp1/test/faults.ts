// `pnpm --filter @intermodal/fault-run amqp1 [--messages <n>] [--on <broker>]`: one line of totals.
import { parseArgs } from 'node:util';
import { totalsLine } from '@intermodal/fault-run';
import { stopServer } from './broker.ts';
import { runFaultsOn } from './fault-run.ts';

const brokers = ['rabbitmq4', 'rabbitmq', 'activemq', 'activemq-pair'] as const;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    on: { type: 'string', default: brokers[0] },
  },
});
const broker = brokers.find((name) => name === values.on);
if (broker === undefined) throw new Error(`--on must be one of ${brokers.join(', ')}`);
try {
  const totals = await runFaultsOn({
    broker,
    messages: Number(values.messages),
    withinMs: 900_000,
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${broker}: ${totalsLine(totals)}\n`);
  process.exitCode = totals.lost.length + totals.overtakes.length === 0 ? 0 : 1;
} finally {
  if (broker !== 'activemq-pair') await stopServer(broker);
}
