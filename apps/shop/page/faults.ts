import type { BrokerState, Snapshot } from '../src/live/snapshot.ts';
import { press } from './ask.ts';
import { byId, figure, make, say } from './dom.ts';

const kill = byId('broker-kill', HTMLButtonElement);
const restart = byId('broker-restart', HTMLButtonElement);
const redrive = byId('redrive', HTMLButtonElement);

const facts = ['leases held', 'leases lost', 'redelivered', 'tried again', 'moved back'] as const;
const values = facts.map(() => make('dd', {}, '0'));
byId('faults-facts', HTMLElement).replaceChildren(
  ...facts.map((name, index) => make('div', {}, make('dt', {}, name), values[index] ?? '')),
);

export function showFaults({ broker, readers, totals, swap, transport }: Snapshot): void {
  const isBusy = swap !== undefined;
  kill.disabled = isBusy || !broker.isOurs || broker.state !== 'up';
  restart.disabled = isBusy || broker.state !== 'killed';
  say(byId('broker-state', HTMLElement), stateOf(broker));
  redrive.disabled = isBusy || totals.deadLettered === 0;
  say(
    byId('dead-letters', HTMLElement),
    totals.deadLettered === 0 ? 'there are none' : `${figure(totals.deadLettered)} are waiting`,
  );
  const held = readers.reduce((sum, { running, waiting }) => sum + running + waiting, 0);
  const counts = [held, totals.leasesLost, totals.redelivered, totals.retried, totals.redriven];
  counts.forEach((count, index) => {
    const value = values[index];
    const hasNone = index < 2 && transport.capabilities['lease'] === false;
    if (value !== undefined) say(value, hasNone ? 'none here' : figure(count));
  });
}

function stateOf({ isOurs, state, forgets }: BrokerState): string {
  if (!isOurs) return 'the shop did not start it, and leaves it alone';
  if (state === 'killed') return 'killed';
  return state === 'restarting' ? 'starting …' : `if killed, it forgets ${forgets ?? 'nothing'}`;
}

export function listenToFaults(): void {
  kill.addEventListener('click', () => {
    void press('/api/broker', { action: 'kill' });
  });
  restart.addEventListener('click', () => {
    void press('/api/broker', { action: 'restart' });
  });
  redrive.addEventListener('click', () => {
    void press('/api/redrive', {});
  });
}
