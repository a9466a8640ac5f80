import { checkFilter } from './check-policy.ts';
import type { SnsFilters } from './policy.ts';

/** @throws `invalid-argument` */
export function checkFilters(filters: SnsFilters): void {
  for (const [channel, groups] of Object.entries(filters)) {
    for (const [group, filter] of Object.entries(groups))
      checkFilter(filter, `the filter of group '${group}' of '${channel}'`);
  }
}
