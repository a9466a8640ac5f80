import { awsClientOptions } from '@intermodal/brokers';
import { type RecordedCall, startAwsProxy } from '@intermodal/brokers/faults';
import { systemClock } from '@intermodal/core';
import type { Address, Transport } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { attributeFilter, snsTransport } from '../src/index.ts';
import { type Grant, permissions, type SnsUse } from '../src/permissions.ts';

const never = new AbortController().signal;
const message = { id: 'one', channel: 'orders', headers: new Map(), body: 'x' };

/** Endpoints and notifiers have one call each, which their own tests show. */
type DriverUse = Exclude<SnsUse, 'endpoint' | 'notify'>;

function places(channel: string): Readonly<Record<'topic' | 'group' | 'dead', Address>> {
  const group: Address = { channel, group: 'billing', role: 'main' };
  return { topic: { channel, role: 'main' }, group, dead: { ...group, role: 'dead-letter' } };
}

async function provision(
  transport: Transport,
  channel: string,
  mode: 'create' | 'verify',
): Promise<void> {
  const { group, dead } = places(channel);
  const plan = { mode, order: 'none', maxAttempts: 5, deadLetter: dead } as const;
  await transport.admin!.provision(group, plan, never);
}

const uses: Readonly<
  Record<DriverUse, (transport: Transport, channel: string) => Promise<unknown>>
> = {
  async publish(transport, channel) {
    const sender = await transport.openSender(places(channel).topic, never);
    await sender.send([sender.prepare(message)], never);
  },
  async consume(transport, channel) {
    const { group, dead } = places(channel);
    const options = { prefetch: 10, clock: systemClock, onLane: () => Promise.resolve() };
    const receiver = await transport.openReceiver!(group, options, never);
    const sender = await transport.openSender(dead, never);
    await sender.send([sender.prepare(message)], never);
    const [delivery] = await receiver.receive(1, never);
    await receiver.extend!([delivery!.token], 30_000, never);
    await receiver.settle([{ token: delivery!.token, action: 'ack' }], never);
  },
  verify: (transport, channel) => provision(transport, channel, 'verify'),
  provision: (transport, channel) => provision(transport, `${channel}-anew`, 'create'),
  async remove(transport, channel) {
    await transport.admin!.remove!(places(channel).group, never);
    await transport.admin!.remove!(places(channel).topic, never);
  },
  check: (transport) => transport.check(undefined, never),
};

function used({ target, operation, input }: RecordedCall): string {
  const service = target.startsWith('AmazonSQS') ? 'sqs' : 'sns';
  const action = `${service}:${operation.replace(/Batch$/, '')}`;
  if (operation === 'ListTopics') return `all ${action}`;
  if (service === 'sns') return `topic ${action}`;
  const name = String(input['QueueUrl'] ?? input['QueueName']);
  return `${name.endsWith('_dlq') ? 'deadLetters' : 'queue'} ${action}`;
}

/** Only to mend what is not as it should be. */
const mending = ['SetTopicAttributes', 'TagResource', 'SetSubscriptionAttributes'];
const mendingQueues = ['queue sqs:TagQueue', 'deadLetters sqs:TagQueue'];

function granted(use: DriverUse): Set<string> {
  const named = ({ actions, on }: Grant): string[] => actions.map((action) => `${on} ${action}`);
  const all = permissions[use].filter(({ on }) => on !== 'key').flatMap(named);
  if (use !== 'provision') return new Set(all);
  const mends = [...mending.map((name) => `topic sns:${name}`), ...mendingQueues];
  return new Set(all.filter((name) => !mends.includes(name)));
}

test.each(Object.keys(uses) as DriverUse[])(
  'the permissions to %s are what it does, and no more',
  async (use) => {
    const { endpoint } = awsClientOptions('fauxqs');
    await using proxy = await startAwsProxy(endpoint);
    const channel = `permissions-${crypto.randomUUID().slice(0, 8)}`;
    const filter = attributeFilter({ tenant: [{ exists: false }] });
    const transport: Transport = snsTransport({
      ...awsClientOptions('fauxqs', {}, proxy.endpoint),
      accountId: '000000000000',
      filters: { [channel]: { billing: filter } },
      queues: { waitSeconds: 0 },
      provisioning: { tags: { team: 'shop' } },
    });
    await provision(transport, channel, 'create');
    const sender = await transport.openSender(places(channel).topic, never);
    await sender.send([sender.prepare(message)], never);
    await sender.close();
    const before = proxy.calls.length;
    await uses[use](transport, channel);
    const seen = new Set(proxy.calls.slice(before).map(used));
    await transport.close();
    expect([...seen].toSorted()).toEqual([...granted(use)].toSorted());
  },
);
