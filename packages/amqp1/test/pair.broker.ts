import { totalsLine } from '@intermodal/fault-run';
import { expect, test } from 'vitest';
import { runFaultsOn } from './fault-run.ts';

const messages = 20_000;

test(
  'standbys take over: nothing that was confirmed is lost, and each key is in order',
  { timeout: 400_000 },
  async () => {
    const totals = await runFaultsOn({ broker: 'activemq-pair', messages, withinMs: 360_000 });
    console.log(totalsLine(totals));
    expect(totals).toMatchObject({ confirmed: messages, lost: [], overtakes: [] });
  },
);
