import type { Transport } from '@intermodal/core';
import { eventsName, readersOn } from './shop-channels.ts';
import type { Tally } from './tally.ts';

/** What this run shows less of, because the transport cannot do it. */
export function* remarksOn(transport: Transport): Generator<string> {
  const { name, capabilities } = transport;
  const { groups, order, duplicates } = capabilities;
  if (groups !== 'many')
    yield `A channel of '${name}' has one group: '${eventsName}' is read by '${readersOn(transport)(eventsName).join()}' alone.`;
  if (order === 'none')
    yield `'${name}' keeps no order: what comes out of order is counted, and is no failure.`;
  if (duplicates === 'possible')
    yield `'${name}' may repeat a message though nothing failed: repeats are counted, and done once.`;
}

/** What to know about going on from an earlier process. */
export function* remarksOnState(
  state: string | undefined,
  durable: boolean,
  tally: Tally,
): Generator<string> {
  const { delivered, outstanding } = tally.totals();
  if (delivered + outstanding > 0)
    yield `Going on from '${state}': ${delivered} deliveries were done, ${outstanding} were under way.`;
  if (outstanding > 0 && durable)
    yield 'What the earlier process had in hand comes back once its leases end, which may take a while.';
  if (state !== undefined && !durable)
    yield 'This transport keeps nothing without the process: what was under way when it dies counts as lost.';
}
