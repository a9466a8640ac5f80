import { IntermodalError, type Transport } from '@intermodal/core/driver';
import { expect, it } from 'vitest';
import { queueHarness } from '../../memory/test/harness.ts';
import { cases, runCase } from '../src/index.ts';
import { wrapped } from './mutations/grounds.ts';

const what = cases.find((one) => one.name.startsWith('members of a group compete'));
if (what === undefined) throw new Error('there is no such case');

function withOneMember(transport: Transport): Transport {
  return { ...transport, capabilities: { ...transport.capabilities, members: 'one' } };
}

it('a second member that is not refused, although it is said so, fails', async () => {
  const result = await runCase(what, wrapped(queueHarness, withOneMember));
  expect(result).toMatchObject({
    outcome: 'fail',
    reason: expect.stringContaining('one of two members of a group was refused') as string,
  });
});

it('one that is refused is the proof', async () => {
  let members = 0;
  const refusing = wrapped(queueHarness, (transport) => ({
    ...withOneMember(transport),
    async openReceiver(address, options, signal) {
      members += 1;
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined || members > 1)
        throw new IntermodalError('unsupported', 'the group has a member');
      return receiver;
    },
  }));
  const result = await runCase(what, refusing);
  expect(result).toMatchObject({ outcome: 'refused' });
});
