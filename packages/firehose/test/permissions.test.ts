import { channel, type Publisher } from '@intermodal/core';
import { expect, test } from 'vitest';
import { firehoseTransport, type FirehoseCapabilities } from '../src/index.ts';
import { type FirehoseUse, type Grant, permissions } from '../src/permissions.ts';
import { emulated } from './emulated.ts';
import { newName, setting } from './opened.ts';

const uses: Readonly<
  Record<
    FirehoseUse,
    (client: Publisher<FirehoseCapabilities>, name: string, endpoint: string) => Promise<unknown>
  >
> = {
  publish: (client, name) => client.publish(channel<object>(name), {}),
  verify: (client, name) => client.provision([channel<object>(name)], { mode: 'verify' }),
  provision: (client) => client.provision([channel<object>(newName())]),
  async remove(_, name, endpoint) {
    const transport = firehoseTransport(emulated(endpoint));
    const address = { channel: name, role: 'main' } as const;
    await transport.admin?.remove?.(address, AbortSignal.timeout(10_000));
    await transport.close();
  },
  async check(client, name) {
    await client.check(channel<object>(name));
    await client.check();
  },
};

/** Not operations of Firehose, or of an option that is not used here. */
const unseen = new Set(['firehose:TagDeliveryStream', 'iam:PassRole', 'kms:CreateGrant']);

function actionsOf(grants: readonly Grant[]): readonly string[] {
  return grants.flatMap(({ actions }) => actions).filter((action) => !unseen.has(action));
}

test.each(Object.entries(uses))(
  '%s asks for what the table says, and nothing else',
  async (use, run) => {
    const { client, proxy } = await setting();
    const name = newName();
    await client.provision([channel<object>(name)]);
    const before = proxy.calls.length;
    await run(client, name, proxy.endpoint);
    const asked = proxy.calls.slice(before).map(({ operation }) => `firehose:${operation}`);
    expect([...new Set(asked)].toSorted()).toEqual(
      [...new Set(actionsOf(permissions[use as FirehoseUse]))].toSorted(),
    );
  },
);
