import { IntermodalError } from '@intermodal/core/driver';
import { expect, it } from 'vitest';
import { queueHarness } from '../../memory/test/harness.ts';
import { cases, runCase } from '../src/index.ts';
import { wrapped } from './mutations/grounds.ts';

it('a receiver that dies fails its case with the reason, and does not keep the process busy', async () => {
  const dying = wrapped(queueHarness, (transport) => ({
    ...transport,
    async openReceiver(address, options, signal) {
      const receiver = await transport.openReceiver?.(address, options, signal);
      if (receiver === undefined) throw new IntermodalError('unsupported', 'it only publishes');
      const dead = Promise.resolve(new IntermodalError('unavailable', 'the connection broke'));
      return { ...receiver, dead, receive: () => Promise.resolve([]) };
    },
  }));
  const what = cases.find((one) => one.name.startsWith('the token of one receiver'));
  if (what === undefined) throw new Error('there is no such case');
  const result = await runCase(what, dying);
  expect(result).toMatchObject({
    outcome: 'fail',
    error: { message: 'the receiver ended: the connection broke' },
  });
});
