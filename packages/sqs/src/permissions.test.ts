import { expect, test } from 'vitest';
import { type Grant, permissions, type SqsUse } from './permissions.ts';
import { cannedServer, type CannedServer, type Seen } from '../test/canned-server.ts';
import { deadOrders, never, opened, type Opened, orders, wireMessage } from '../test/opened.ts';

const uses: Readonly<Record<SqsUse, (driver: Opened, server: CannedServer) => Promise<unknown>>> = {
  async publish(driver) {
    const sender = await driver.sender();
    await sender.send([sender.prepare(wireMessage())], never);
    await driver.transport.check(orders, never);
  },
  async consume(driver) {
    const receiver = await driver.receiver();
    const dead = await driver.sender(deadOrders);
    const [first, second] = await receiver.receive(2, never);
    await receiver.extend?.([first!.token], 60_000, never);
    await dead.send([dead.prepare(first!.message)], never);
    await receiver.settle(
      [
        { token: first!.token, action: 'ack' },
        { token: second!.token, action: 'release' },
      ],
      never,
    );
  },
  backlog: ({ transport }) => transport.admin!.backlog!(orders, never),
  async redrive({ transport }, server) {
    const caller = new AbortController();
    const moving = transport.admin!.redrive!(orders, {}, caller.signal);
    await server.arrival('ListMessageMoveTasks');
    caller.abort();
    await moving.catch(() => undefined);
  },
  async verify({ transport }) {
    for (const address of [orders, deadOrders]) {
      const plan = { mode: 'verify', order: 'none', maxAttempts: 5 } as const;
      await transport.admin!.provision(address, plan, never).catch(() => undefined);
    }
  },
  provision({ transport }, server) {
    server.on('GetQueueUrl', ({ QueueName: name }) => {
      const isThere = server.of('CreateQueue').some(({ input }) => input['QueueName'] === name);
      if (!isThere) return { error: 'QueueDoesNotExist' };
      return { result: { QueueUrl: `${server.endpoint}/1/${String(name)}` } };
    });
    const plan = { mode: 'create', order: 'none', maxAttempts: 5, deadLetter: deadOrders } as const;
    return transport.admin!.provision(orders, plan, never);
  },
  purge: ({ transport }) => transport.admin!.purge!(orders, never),
  remove: ({ transport }) => transport.admin!.remove!(orders, never),
  check: ({ transport }) => transport.check(undefined, never),
};

/** Calls that the service makes for the caller, or core where the service cannot. */
const onBehalf: readonly string[] = [
  'deadLetters sqs:ReceiveMessage',
  'deadLetters sqs:DeleteMessage',
  'deadLetters sqs:ChangeMessageVisibility',
  'queue sqs:SendMessage',
];

function resourceOf({ operation, input }: Seen): Grant['on'] {
  if (operation === 'ListQueues') return 'all';
  if (operation === 'CancelMessageMoveTask') return 'deadLetters'; // it names the task alone
  const name = String(input['QueueUrl'] ?? input['QueueName'] ?? input['SourceArn']);
  return name.endsWith('_dlq') ? 'deadLetters' : 'queue';
}

function answerAll(server: CannedServer): void {
  const messages = [1, 2].map((n) => ({
    MessageId: String(n),
    ReceiptHandle: String(n),
    Body: 'x',
  }));
  server.on('ReceiveMessage', { result: { Messages: messages } });
  server.on('StartMessageMoveTask', { result: { TaskHandle: 'task' } });
  server.on('ListMessageMoveTasks', { result: { Results: [{ Status: 'RUNNING' }] } });
  server.on('CreateQueue', { error: 'QueueNameExists' });
  for (const name of ['SetQueueAttributes', 'TagQueue', 'PurgeQueue', 'DeleteQueue', 'ListQueues'])
    server.on(name, { result: {} });
}

test.each(Object.keys(uses) as SqsUse[])(
  'the permissions to %s are what it does, and no more',
  async (use) => {
    await using server = await cannedServer();
    answerAll(server);
    await using driver = opened(server.endpoint, { provisioning: { tags: { team: 'shop' } } });
    await uses[use](driver, server);
    const used = server.seen.map(
      (seen) => `${resourceOf(seen)} sqs:${seen.operation.replace(/Batch$/, '')}`,
    );
    const granted = permissions[use]
      .filter(({ on }) => on !== 'key')
      .flatMap(({ actions, on }) => actions.map((action) => `${on} ${action}`));
    if (use === 'redrive') used.push(...onBehalf);
    expect(new Set(used)).toEqual(new Set(granted));
  },
);
