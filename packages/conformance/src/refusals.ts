import assert from 'node:assert/strict';
import { type Capabilities, IntermodalError } from '@intermodal/core';
import type { Unclaimed } from './claims.ts';
import type { Context } from './context.ts';
import { publishSome } from './cases/deliver.ts';
import { rejectsWith, upTo } from './expect.ts';

/**
 * The other half of C1: what is not claimed is refused with `unsupported`, before anything reaches the broker. Facts that
 * no option asks for (`durable`, `isolation`, …) can only be asked for by `client.require`.
 */
export async function proveRefused(context: Context, { name, wanted }: Unclaimed): Promise<void> {
  for (const value of wanted) requireRefuses(context, { [name]: value });
  const { capabilities } = context;
  switch (name) {
    case 'receive': {
      await refusesToConsume(context);
      return;
    }
    case 'groups': {
      if (capabilities.groups === 'single') await refusesSecondGroup(context);
      return;
    }
    case 'members': {
      await refusesSecondMember(context);
      return;
    }
    case 'order': {
      await refusesOrder(context);
      return;
    }
    case 'lease': {
      await refusesOption(context, { leaseMs: context.times.leaseMs });
      return;
    }
    case 'replay': {
      await refusesOption(context, { from: 'earliest' });
      return;
    }
    case 'delay': {
      await refusesToPublish(context, { delayMs: context.times.delayMs });
      return;
    }
    case 'ttl': {
      await refusesToPublish(context, { ttlMs: 60_000 });
      return;
    }
    case 'priority': {
      await refusesToPublish(context, { priority: 5 });
      return;
    }
    case 'dedupe': {
      await refusesToPublish(context, { dedupeId: 'once' });
      return;
    }
    case 'isolation':
    case 'settle':
    case 'duplicates':
    case 'durable':
    case 'ackConfirmed':
    case 'attempts':
    case 'release':
    case 'retry':
    case 'headers': {
      return;
    }
    default: {
      name satisfies never;
    }
  }
}

export function requireRefuses(context: Context, need: Partial<Capabilities>): void {
  const asked = JSON.stringify(need);
  try {
    context.client().require(need);
  } catch (error) {
    assert.ok(IntermodalError.is(error, 'unsupported'), `require(${asked}) must throw unsupported`);
    return;
  }
  assert.fail(`require(${asked}) must throw unsupported: the transport claims something else`);
}

async function refusesToConsume(context: Context): Promise<void> {
  const orders = context.declare();
  const client = context.client();
  const handler = (): void => undefined;
  await rejectsWith(
    'consume',
    client.consume(orders, { group: context.group }, handler),
    'unsupported',
  );
  const batches = client.consumeBatch(orders, { group: context.group, max: 10 }, handler);
  await rejectsWith('consumeBatch', batches, 'unsupported');
  const pulled = async (): Promise<unknown> =>
    client.receive(orders, { group: context.group }).next();
  await rejectsWith('receive', pulled(), 'unsupported');
}

async function refusesSecondGroup(context: Context): Promise<void> {
  const orders = await context.channel({ groups: [context.group] });
  const consuming = context.consume(context.client(), orders, () => undefined, { group: 'beta' });
  await rejectsWith('consume by a second group', consuming, 'unsupported');
  const twoGroups = { groups: [context.group, 'beta'] };
  const provisioning = context.client().provision([context.declare()], twoGroups);
  await rejectsWith('provision of two groups', provisioning, 'unsupported');
}

/** Which of the two is refused is the broker's affair; the other goes on. */
async function refusesSecondMember(context: Context): Promise<void> {
  const orders = await context.channel();
  const journal = context.journal();
  const refusals: unknown[] = [];
  const note = (error: unknown): void => {
    refusals.push(error);
  };
  for (const _ of upTo(2)) {
    const consuming = context.consume(context.client(), orders, journal.handler());
    await consuming.then(({ done }) => void done.catch(note), note);
  }
  await context.eventually('one of two members of a group was refused', () => refusals.length > 0);
  await journal.covers(await publishSome(context, orders, 5));
  assert.equal(refusals.length, 1, 'the other member goes on');
  assert.ok(IntermodalError.is(refusals[0], 'unsupported'), 'a second member is `unsupported`');
}

async function refusesOrder(context: Context): Promise<void> {
  const orders = context.declare({ order: 'key' });
  const client = context.client();
  await rejectsWith('publish', client.publish(orders, { n: 1 }, { key: 'k' }), 'unsupported');
  const many = async (): Promise<void> => {
    for (const outcome of await client.publishMany(orders, [{ body: { n: 1 }, key: 'k' }])) {
      if (!outcome.ok) throw outcome.error;
    }
  };
  await rejectsWith('publishMany', many(), 'unsupported');
  await rejectsWith('provision', client.provision([orders]), 'unsupported');
  if (!context.capabilities.receive) return;
  await rejectsWith(
    'consume',
    context.consume(client, orders, () => undefined),
    'unsupported',
  );
}

async function refusesOption(
  context: Context,
  option: { readonly leaseMs?: number; readonly from?: 'earliest' },
): Promise<void> {
  const orders = await context.channel();
  const consuming = context.consume(context.client(), orders, () => undefined, option);
  await rejectsWith(`consume with ${Object.keys(option).join()}`, consuming, 'unsupported');
}

async function refusesToPublish(
  context: Context,
  option: {
    readonly delayMs?: number;
    readonly ttlMs?: number;
    readonly priority?: number;
    readonly dedupeId?: string;
  },
): Promise<void> {
  const orders = await context.channel();
  const client = context.client();
  const what = Object.keys(option).join();
  await rejectsWith(
    `publish with ${what}`,
    client.publish(orders, { n: 1 }, option),
    'unsupported',
  );
  const [outcome] = await client.publishMany(orders, [{ body: { n: 2 }, ...option }]);
  assert.ok(outcome !== undefined && !outcome.ok, `publishMany with ${what} must be refused`);
  assert.equal(outcome.error.code, 'unsupported');
  if (!context.capabilities.receive) return;
  const journal = context.journal();
  await context.consume(context.client(), orders, journal.handler());
  await context.never('a refused message arrived', () => journal.seen.length > 0);
}
