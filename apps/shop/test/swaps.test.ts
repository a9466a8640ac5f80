import { startOwnBroker } from '@intermodal/brokers';
import { expect, test, vi } from 'vitest';
import { demo } from './demo-process.ts';

const timeout = 300_000;
/** As many as are worth their time here; `--count 10000` is for a machine that has it. */
const orders = 800;

async function journey(...route: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const [first = '', ...others] = route;
  const { code, output, error } = await demo(
    ...['--once', '--count', String(orders), '--transport', first],
    ...others.flatMap((name) => ['--swap', name]),
  );
  expect(error).not.toContain('are lost');
  expect(code).toBe(0);
  return JSON.parse(output) as Readonly<Record<string, number>>;
}

test(
  'three swaps under load among transports with order: nothing lost, every customer in order',
  async () => {
    await using rabbitmq = await startOwnBroker('rabbitmq');
    vi.stubEnv('INTERMODAL_RABBITMQ_URL', rabbitmq.environment['INTERMODAL_RABBITMQ_URL']);
    const totals = await journey('memory', 'fauxqs-fifo', 'rabbitmq-single', 'kinesis-local');
    expect(totals).toMatchObject({ orders, published: 6 * orders, lost: 0, outOfOrder: 0 });
    expect(totals['repeated']).toBeTypeOf('number');
  },
  timeout,
);

test(
  'among transports without order nothing is lost either',
  async () => {
    await using rabbitmq = await startOwnBroker('rabbitmq');
    vi.stubEnv('INTERMODAL_RABBITMQ_URL', rabbitmq.environment['INTERMODAL_RABBITMQ_URL']);
    const totals = await journey('fauxqs', 'rabbitmq', 'aedes', 'fauxqs');
    expect(totals).toMatchObject({ orders, published: 6 * orders, lost: 0 });
  },
  timeout,
);
