import { IntermodalError, type Receiver } from '@intermodal/core/driver';
import { expect, it } from 'vitest';
import { logHarness } from '../../memory/test/harness.ts';
import { cases, runCase } from '../src/index.ts';
import { wrapped } from './mutations/grounds.ts';

it('a case that waits in vain says why its consumer could not go on', async () => {
  let opened = 0;
  const refusing = wrapped(logHarness, (transport) => ({
    ...transport,
    async openReceiver(address, options, signal) {
      opened += 1;
      if (opened > 1) throw new IntermodalError('not-found', 'there is no such stream');
      const receiver = await transport.openReceiver?.(address, options, signal);
      const dead = Promise.resolve(new IntermodalError('unavailable', 'the connection broke'));
      return { ...(receiver as Receiver), dead, receive: () => Promise.resolve([]) };
    },
  }));
  const what = cases.find((one) => one.name.startsWith('ack does not wait'));
  if (what === undefined) throw new Error('there is no such case');
  const times = { withinMs: 500, caseMs: 5_000 };
  const result = await runCase(what, { ...refusing, times });
  expect(result).toMatchObject({
    outcome: 'fail',
    reason:
      'waited 500 ms until the others acked; a consumer had ended: there is no such stream (not-found)',
  });
});
