import { expect, test } from 'vitest';
import { type FilteredMessage, matchesFilter } from './match.ts';
import type { LooseBodyPolicy, LooseAttributePolicy, SnsCondition } from './policy.ts';

type Attributes = FilteredMessage['attributes'];

const attributes: Attributes = {
  store: { DataType: 'String', StringValue: 'example_corp' },
  price: { DataType: 'Number', StringValue: '301.5' },
  interests: { DataType: 'String.Array', StringValue: '["rugby","soccer",7,true,null]' },
  source: { DataType: 'String', StringValue: '10.0.0.255' },
  blob: { DataType: 'Binary' },
};

function byAttributes(policy: LooseAttributePolicy, of: Attributes = attributes): boolean {
  return matchesFilter({ scope: 'attributes', policy }, { body: '', attributes: of });
}

function byBody(policy: LooseBodyPolicy, body: unknown): boolean {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return matchesFilter({ scope: 'body', policy }, { body: text, attributes: {} });
}

test.each<[string, SnsCondition, boolean]>([
  ['store', 'example_corp', true],
  ['store', 'Example_corp', false],
  ['store', { prefix: 'example' }, true],
  ['store', { prefix: 'corp' }, false],
  ['store', { suffix: '_corp' }, true],
  ['store', { 'equals-ignore-case': 'EXAMPLE_CORP' }, true],
  ['store', { wildcard: 'ex*_c*p' }, true],
  ['store', { wildcard: 'ex*x' }, false],
  ['store', { 'anything-but': 'example_corp' }, false],
  ['store', { 'anything-but': ['other', 3] }, true],
  ['store', { 'anything-but': { prefix: 'example' } }, false],
  ['store', { 'anything-but': { suffix: 'x' } }, true],
  ['store', { 'anything-but': { wildcard: '*corp' } }, false],
  ['store', { exists: true }, true],
  ['store', { exists: false }, false],
  ['store', { numeric: ['=', 1] }, false],
  ['price', 301.5, true],
  ['price', 301.500_001, true],
  ['price', '301.5', false],
  ['price', { prefix: '301' }, false],
  ['price', { numeric: ['=', 301.5] }, true],
  ['price', { numeric: ['>', 300] }, true],
  ['price', { numeric: ['>=', 301.5, '<', 302] }, true],
  ['price', { numeric: ['>', 301.5, '<=', 302] }, false],
  ['price', { 'anything-but': [100, 500] }, true],
  ['price', { 'anything-but': 301.5 }, false],
  ['interests', 'rugby', true],
  ['interests', 'tennis', false],
  ['interests', 7, true],
  ['interests', true, true],
  ['interests', false, false],
  ['interests', null, true],
  ['interests', { prefix: 'soc' }, true],
  // One value that is not excluded is enough.
  ['interests', { 'anything-but': ['rugby', 'tennis'] }, true],
  ['source', { cidr: '10.0.0.0/24' }, true],
  ['source', { cidr: '10.0.1.0/24' }, false],
  ['source', { cidr: '2001:db8::/32' }, false],
  ['missing', 'x', false],
  ['missing', null, false],
  ['missing', { exists: false }, true],
  ['missing', { 'anything-but': 'x' }, false],
  ['blob', { exists: true }, false],
  ['toString', { exists: true }, false],
])('attribute %s, condition %j: %s', (name, condition, expected) => {
  expect(byAttributes({ [name]: [condition] })).toBe(expected);
});

test('all names must match, each by one condition', () => {
  expect(byAttributes({ store: ['a', 'example_corp'], price: [{ exists: true }] })).toBe(true);
  expect(byAttributes({ store: ['example_corp'], price: [1] })).toBe(false);
});

test('of $or one alternative must match; a list that is no alternative is a name like any other', () => {
  const either = [{ store: ['x'] }, { price: [301.5] }];
  expect(byAttributes({ source: [{ exists: true }], $or: either })).toBe(true);
  expect(byAttributes({ source: ['x'], $or: either })).toBe(false);
  expect(byAttributes({ $or: [{ store: ['x'] }, { price: [1] }] })).toBe(false);
  const alone = { $or: [{ store: ['example_corp'] }] } as unknown as LooseAttributePolicy;
  expect(byAttributes(alone)).toBe(false);
});

const order = {
  id: 'o-1',
  total: 12,
  paid: true,
  note: null,
  customer: { country: 'CH', tags: ['vip', 'new'] },
  lines: [
    { sku: 'a', count: 1 },
    { sku: 'b', count: 5 },
  ],
  empty: [],
};

test.each<[LooseBodyPolicy, boolean]>([
  [{ id: ['o-1'] }, true],
  [{ total: [{ numeric: ['>', 10] }] }, true],
  [{ paid: [true] }, true],
  [{ paid: ['true'] }, false],
  [{ note: [null] }, true],
  [{ note: [{ exists: true }] }, true],
  [{ customer: { country: ['CH'], tags: ['vip'] } }, true],
  [{ customer: { country: ['AT'] } }, false],
  [{ customer: { tags: [{ 'anything-but': 'vip' }] } }, true],
  [{ customer: [{ exists: true }] }, false],
  [{ lines: { sku: ['b'] } }, true],
  [{ lines: { sku: ['a'], count: [1] } }, true],
  [{ lines: { sku: ['a'], count: [5] } }, false],
  [{ empty: [{ exists: true }] }, false],
  [{ empty: [{ exists: false }] }, true],
  [{ customer: { $or: [{ country: ['AT'] }, { tags: ['new'] }] } }, true],
])('body policy %j: %s', (policy, expected) => {
  expect(byBody(policy, order)).toBe(expected);
});

test('a body that is no JSON object is delivered to no filter of bodies', () => {
  const policy: LooseBodyPolicy = { id: [{ exists: false }] };
  for (const body of ['', 'text', '[]', '1', 'null']) expect(byBody(policy, body)).toBe(false);
});
