import { totalsLine } from '@intermodal/fault-run';
import { afterAll, expect, test } from 'vitest';
import { stopServer } from './broker.ts';
import { runFaultsOn } from './fault-run.ts';

afterAll(() => stopServer('activemq'));

// `pnpm --filter @intermodal/fault-run amqp1` does the same with 20,000, on RabbitMQ 4 and 3 and on a pair too.
test('through faults of all kinds nothing that was confirmed is lost, and keys stay in order', async () => {
  const messages = 2_000;
  const totals = await runFaultsOn({ broker: 'activemq', messages, withinMs: 200_000 });
  console.log(totalsLine(totals));
  expect(totals).toMatchObject({ confirmed: messages, lost: [], overtakes: [] });
}, 240_000);
