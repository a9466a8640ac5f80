import { totalsLine } from '@intermodal/fault-run';
import { afterAll, expect, test } from 'vitest';
import { stopRabbit } from './broker.ts';
import { runFaultsOn } from './fault-run.ts';

afterAll(() => stopRabbit('rabbitmq'));

// `pnpm --filter @intermodal/fault-run amqp` does the same with 20,000, on RabbitMQ 4 and with classic queues too.
test('through faults of all kinds nothing that was confirmed is lost, and each key is in order', async () => {
  const totals = await runFaultsOn({
    broker: 'rabbitmq',
    queueType: 'quorum',
    messages: 2_000,
    withinMs: 200_000,
  });
  console.log(totalsLine(totals));
  expect(totals).toMatchObject({ confirmed: 2_000, lost: [], overtakes: [] });
}, 240_000);
