import type { Snapshot } from '../src/live/snapshot.ts';
import { byId, make, onChange, say } from './dom.ts';

type Value = string | boolean;

/** Who does it: the broker, core in its place, or nobody. */
type By = 'native' | 'emulated' | 'unavailable';

interface Row {
  readonly name: string;
  readonly means: string;
  readonly by: (value: Value) => By;
}

const ifSo = (value: Value): By => (value === false || value === 'none' ? 'unavailable' : 'native');

const rows: readonly Row[] = [
  { name: 'receive', means: 'can consume', by: ifSo },
  {
    name: 'groups',
    means: 'independent subscribers',
    by: (value) => (value === 'many' ? 'native' : 'unavailable'),
  },
  { name: 'order', means: 'what stays in order', by: ifSo },
  { name: 'isolation', means: 'what a failing key holds up', by: ifSo },
  {
    name: 'settle',
    means: 'settled per message, or by watermark',
    by: (value) => (value === 'watermark' ? 'emulated' : ifSo(value)),
  },
  {
    name: 'duplicates',
    means: 'repeats without a fault',
    by: (value) => (value === 'on-fault' ? 'native' : 'unavailable'),
  },
  { name: 'durable', means: 'survives a restart of the broker', by: ifSo },
  { name: 'ackConfirmed', means: 'ack resolves on the answer', by: ifSo },
  {
    name: 'attempts',
    means: 'who counts deliveries',
    by: (value) => (value === 'broker' ? 'native' : 'emulated'),
  },
  {
    name: 'release',
    means: 'giving back what was not started',
    by: (value) => (value === 'by-closing' ? 'emulated' : ifSo(value)),
  },
  {
    name: 'retry',
    means: 'who waits before it comes again',
    by: (value) => (value === 'delayed' ? 'native' : 'emulated'),
  },
  { name: 'lease', means: 'leases that are renewed', by: ifSo },
  { name: 'delay', means: 'delayMs', by: ifSo },
  { name: 'ttl', means: 'ttlMs', by: ifSo },
  { name: 'priority', means: 'priority', by: ifSo },
  { name: 'dedupe', means: 'dedupeId', by: ifSo },
  { name: 'replay', means: 'from, position', by: ifSo },
  {
    name: 'headers',
    means: 'where headers travel',
    by: (value) => (value === 'native' ? 'native' : 'emulated'),
  },
];

/** What the transport in use can do, and who does it. */
export function showCapabilities({ transport }: Snapshot): void {
  say(byId('capabilities-of', HTMLElement), transport.label);
  draw(transport.capabilities);
}

const draw = onChange((capabilities: Readonly<Record<string, Value>>) => {
  byId('capabilities', HTMLElement).replaceChildren(
    ...rows.map(({ name, means, by }) => {
      const value = capabilities[name] ?? false;
      const who = by(value);
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, make('code', {}, name), make('span', {}, means)),
        make('td', {}, textOf(value)),
        make('td', {}, make('span', { className: `by ${who}` }, who)),
      );
    }),
  );
});

function textOf(value: Value): string {
  if (value === true) return 'yes';
  return value === false || value === 'none' ? 'no' : value;
}
