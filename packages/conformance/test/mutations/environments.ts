import type { Transport } from '@intermodal/core';
import type { Defect } from './defect.ts';

/** The defect lies in the ground itself. */
function asItIs(transport: Transport): Transport {
  return transport;
}

/** Defects that only a broker of another process, or another process of a client, can show. */
export const environmentDefects: readonly Defect[] = [
  {
    rule: 'P11',
    in: 'driver',
    on: 'forgetful bridge',
    name: 'durable is claimed, and what was stored does not survive a restart',
    wrap: asItIs,
  },
  {
    rule: 'F1',
    in: 'driver',
    on: 'forgetful bridge',
    name: 'a restart in mid-traffic loses what was confirmed',
    wrap: asItIs,
  },
  {
    rule: 'F2',
    in: 'driver',
    on: 'bridge without heartbeat',
    name: 'a connection that fell silent is waited for',
    wrap: asItIs,
  },
  {
    rule: 'F3',
    in: 'driver',
    on: 'bridge with a careless process',
    name: 'a process confirms what it has not sent, and acks what nobody has handled',
    wrap: asItIs,
  },
  {
    rule: 'F5',
    in: 'driver',
    on: 'bridge with a lingering process',
    name: 'a timer of the driver keeps a process alive that closed its client',
    wrap: asItIs,
  },
];
