import type { SnsFilter } from './policy.ts';

/**
 * The policy as the API takes it. Attributes are compared as they stand in JSON, so what is escaped there, quotation
 * marks and backslashes, is escaped twice.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
 */
export function policyText({ scope, policy }: SnsFilter): string {
  if (scope === 'body') return JSON.stringify(policy);
  return JSON.stringify(policy, (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/["\\]/g, '\\$&') : value,
  );
}

/** `FilterPolicyScope` of the API. */
export function scopeText({ scope }: SnsFilter): 'MessageAttributes' | 'MessageBody' {
  return scope === 'body' ? 'MessageBody' : 'MessageAttributes';
}
