import { type Case, cases, conformance, type Harness } from '@intermodal/conformance';
import { describe, it } from 'vitest';

/** It stops the broker, or looks at everything that the process has open. */
function isAlone({ needs, rules }: Case): boolean {
  return needs?.includes('restart') === true || rules.includes('F5');
}

/** The suite on a broker that no other process uses: the cases that may run beside each other first, since most of their time they wait. */
export function conformanceOn(harness: Harness): void {
  const together = cases.filter((one) => !isAlone(one));
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: cases.filter(isAlone) });
}
