import type { Capabilities } from '@intermodal/core';
import type { Case, Claims, Need } from './case.ts';
import type { Broker, Harness } from './harness.ts';

export type ClaimName = keyof Capabilities;

/** A claim that a case depends on and the transport does not make. */
export interface Unclaimed {
  readonly name: ClaimName;
  readonly wanted: readonly unknown[];
}

/** The first claim that is missing; `receive` before all others, since most of them mean nothing without it. */
export function unclaimed(what: Case, capabilities: Capabilities): Unclaimed | undefined {
  const claims: Claims = { receive: [true], ...what.claims };
  for (const name of Object.keys(claims) as ClaimName[]) {
    const wanted: readonly unknown[] = claims[name] ?? [];
    if (!wanted.includes(capabilities[name])) return { name, wanted };
  }
  return undefined;
}

/** Why the harness cannot run the case; nothing where it can. */
export function notRunnable(what: Case, harness: Harness, broker: Broker): string | undefined {
  const missing = (what.needs ?? []).filter((need) => !has(need, harness, broker));
  if (missing.length === 0) return undefined;
  return missing.map((need) => reasons[need]).join(', and ');
}

function has(need: Need, harness: Harness, broker: Broker): boolean {
  if (need === 'program') return broker.program !== undefined;
  if (need === 'messageBytes') return harness.limits?.messageBytes !== undefined;
  if (need === 'missingChannel') return harness.limits?.missingChannel !== 'created';
  return broker.faults?.[need] !== undefined;
}

const reasons: Readonly<Record<Need, string>> = {
  cut: 'the harness cannot break connections',
  restart: 'the harness cannot restart the broker',
  freeze: 'the harness cannot make the broker stop answering',
  blackhole: 'the harness cannot make existing connections silent',
  failEntries: 'the harness cannot make the broker refuse entries for a while',
  refuseEntries: 'the harness cannot make the broker refuse entries for good',
  loseReplies: 'the harness cannot lose the answers of the broker',
  failSettlements: 'the harness cannot make settlements fail',
  throttle: 'the harness cannot make the broker throttle',
  expireLeases: 'the harness cannot end leases early',
  deny: 'the harness cannot withdraw permissions',
  reshard: 'the harness cannot split or merge lanes',
  program: 'the broker lives inside this process, so other processes cannot reach it',
  messageBytes: 'no message size limit is known',
  missingChannel: 'channels come into being when they are used, so none is ever missing',
};
