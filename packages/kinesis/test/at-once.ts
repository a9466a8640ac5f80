import { type Case, cases, conformance, type Harness } from '@intermodal/conformance';
import { describe, it } from 'vitest';

/** Most of a case is waiting, so several run at once. */
export function conformanceAtOnce(
  harness: Harness,
  wanted: (what: Case) => boolean = () => true,
): void {
  const chosen = cases.filter(wanted);
  conformance({ describe, it: it.concurrent }, harness, {
    cases: chosen.filter((one) => !mustBeAlone(one)),
  });
  conformance({ describe, it }, harness, { cases: chosen.filter(mustBeAlone) });
}

/** It looks at the whole process, or its megabytes keep the emulator from everything else. */
function mustBeAlone({ name, rules }: Case): boolean {
  return rules.includes('F5') || /large|long|size limit|number|fifty/.test(name);
}
