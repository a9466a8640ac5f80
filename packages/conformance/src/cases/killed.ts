import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { upTo } from '../expect.ts';
import { type Child, type ChildTask, startChild } from '../processes.ts';
import type { TestChannel } from '../test-client.ts';
import { publishSome } from './deliver.ts';

export const killed: readonly Case[] = [
  {
    name: 'a killed publisher loses nothing that was confirmed to it',
    rules: ['F3', 'P1'],
    needs: ['program'],
    async run(context) {
      const orders = await context.channel();
      const confirmed: string[] = [];
      const begun: string[] = [];
      for (const round of upTo(3)) {
        const child = start(context, orders, 'publish', `publisher-${String(round)}`);
        await said(context, child, 'published', 15);
        await child.kill();
        confirmed.push(...idsOf(child, 'published'));
        begun.push(...idsOf(child, 'publishing'));
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(confirmed);
      const strangers = journal.ids().filter((id) => !begun.includes(id));
      assert.deepEqual(strangers, [], 'a message came from nowhere');
    },
  },
  {
    name: 'a killed consumer loses nothing: what it had not acked comes to the next one',
    rules: ['F3', 'R1'],
    needs: ['program'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 60, (n) => `key-${String(n % 5)}`);
      const seen = new Set<string>();
      for (const round of upTo(3)) {
        const child = start(context, orders, 'consume', `consumer-${String(round)}`);
        await said(context, child, 'seen', 5);
        await child.kill();
        for (const id of idsOf(child, 'seen')) seen.add(id);
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const missing = (): string[] =>
        ids.filter((id) => !seen.has(id) && journal.of(id).length === 0);
      await context.eventually(
        'every message was seen by somebody',
        () => missing().length === 0,
        () => `${String(missing().length)} never came`,
      );
    },
  },
  {
    name: 'a process that closed its client ends by itself',
    rules: ['F5'],
    needs: ['program'],
    async run(context) {
      const orders = await context.channel();
      const child = start(context, orders, 'visit', 'visitor');
      try {
        const code = await context.within('the process to end', child.ended);
        assert.equal(code, 0, child.complaint());
        assert.ok(
          child.words.some((word) => 'ready' in word),
          'it ended before it was done',
        );
      } finally {
        await child.kill();
      }
    },
  },
];

function start(
  context: Context,
  orders: TestChannel,
  role: ChildTask['role'],
  name: string,
): Child {
  const { program } = context.broker;
  assert.ok(program !== undefined);
  const { capabilities, times, group } = context;
  const options = {
    ...(capabilities.lease ? { leaseMs: times.leaseMs } : {}),
    ...(capabilities.replay ? { from: 'earliest' as const } : {}),
  };
  const { name: channel, order } = orders;
  return startChild({ role, name, from: 0, program, channel, order, group, options });
}

/** Waits until the process has said it so many times, or has died of itself. */
async function said(
  context: Context,
  child: Child,
  word: 'published' | 'seen',
  count: number,
): Promise<void> {
  let code: number | null | undefined;
  void child.ended.then((ended) => (code = ended));
  await context.eventually(
    `the other process said '${word}' ${String(count)} times`,
    () => idsOf(child, word).length >= count || code !== undefined,
    () => child.complaint(),
  );
  assert.equal(code, undefined, `the other process ended: ${child.complaint()}`);
}

function idsOf(child: Child, name: 'publishing' | 'published' | 'seen'): string[] {
  return child.words
    .flatMap((word) => Object.entries(word))
    .filter(([key]) => key === name)
    .map(([, id]) => String(id));
}
