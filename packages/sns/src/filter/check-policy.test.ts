import { expect, test } from 'vitest';
import { checkFilter } from './check-policy.ts';
import type { LooseBodyPolicy, LooseAttributePolicy, SnsFilter } from './policy.ts';
import { policyText } from './policy-text.ts';

const where = "the filter of group 'billing' of 'orders'";
const values = (count: number): string[] => Array.from({ length: count }, (_, n) => `v${n}`);

function attributes(policy: unknown): SnsFilter {
  return { scope: 'attributes', policy: policy as LooseAttributePolicy };
}

function body(policy: unknown): SnsFilter {
  return { scope: 'body', policy: policy as LooseBodyPolicy };
}

test.each([
  attributes({ a: ['x', 1, true, null] }),
  attributes({ a: values(150) }),
  attributes({ a: values(15), b: values(10) }),
  attributes({ a: ['x'], $or: [{ b: ['x'] }, { c: ['y'] }] }),
  attributes({ a: [{ cidr: '10.0.0.0/8' }, { cidr: '2001:db8::/32' }] }),
  attributes({ a: [{ 'anything-but': { wildcard: 'a*b*c*' } }] }),
  // 3 levels × 4 values and 2 levels × 3 values: 72, as the service counts.
  body({ a: { b: { c: values(4) } }, d: { e: values(3) } }),
])('is taken: %j', (filter) => {
  expect(() => {
    checkFilter(filter, where);
  }).not.toThrow();
});

test.each([
  [attributes({}), /an empty policy filters nothing/],
  [attributes([]), /is an object/],
  [{ scope: 'MessageBody', policy: {} } as unknown as SnsFilter, /scope must be/],
  [attributes({ a: ['x'], b: ['x'], c: ['x'], d: ['x'], e: ['x'], f: ['x'] }), /6 keys, and 5/],
  [attributes({ a: values(151) }), /151 combinations/],
  [attributes({ a: values(13), b: values(12) }), /156 combinations/],
  [body({ a: { b: values(76) } }), /152 combinations/],
  [attributes({ a: values(76), $or: [{ b: ['x'] }, { c: ['y'] }] }), /152 combinations/],
  [attributes({ a: { b: ['x'] } }), /'a': attributes do not nest/],
  [attributes({ a: 'x' }), /'a': conditions stand in a list/],
  [attributes({ a: [] }), /must not be empty/],
  [attributes({ a: [['x']] }), /a value, or an object with one operator/],
  [attributes({ a: [{}] }), /one operator/],
  [attributes({ a: [{ prefix: 'x', suffix: 'y' }] }), /one operator/],
  [attributes({ a: [{ like: 'x' }] }), /SNS has no operator 'like'/],
  [attributes({ a: [{ prefix: 1 }] }), /'prefix' takes a string/],
  [attributes({ a: [{ exists: 'true' }] }), /'exists' takes true or false/],
  [attributes({ a: [{ cidr: '10.0.0.0/33' }] }), /'cidr' takes/],
  [attributes({ a: [{ cidr: '10.0.0.0' }] }), /'cidr' takes/],
  [attributes({ a: [{ wildcard: 'a*b*c*d*' }] }), /at most 3 wildcards/],
  [attributes({ a: [{ wildcard: 'a**' }] }), /none beside another/],
  [attributes({ a: Array.from({ length: 34 }, () => ({ wildcard: '*a*b*' })) }), /102 wildcards/],
  [attributes({ a: [{ numeric: ['!=', 1] }] }), /'numeric' takes/],
  [attributes({ a: [{ numeric: ['<', 1, '>', 0] }] }), /'numeric' takes/],
  [attributes({ a: [{ numeric: ['>', 5, '<', 1] }] }), /ends before it begins/],
  [attributes({ a: [{ numeric: ['>', '5'] }] }), /numbers are compared with numbers/],
  [attributes({ a: [1_000_000_001] }), /beyond what SNS compares/],
  [attributes({ a: [0.000_001] }), /beyond what SNS compares/],
  [attributes({ a: [{ 'anything-but': [] }] }), /at least one value/],
  [attributes({ a: [{ 'anything-but': [true] }] }), /strings or numbers/],
  [attributes({ a: [{ 'anything-but': { cidr: '10.0.0.0/8' } }] }), /one of prefix, suffix/],
  [attributes({ a: ['x'.repeat(262_145)] }), /longer than 262144 bytes/],
])('is refused before any call: %j', (filter, text) => {
  expect(() => {
    checkFilter(filter, where);
  }).toThrow(text);
});

test('of attributes, quotation marks and backslashes are escaped twice; of bodies once', () => {
  const policy = { a: ['say "hi" \\'] };
  expect(JSON.parse(policyText(attributes(policy)))).toEqual({ a: ['say \\"hi\\" \\\\'] });
  expect(JSON.parse(policyText(body(policy)))).toEqual(policy);
});
