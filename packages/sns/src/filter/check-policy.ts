import { isIP } from 'node:net';
import type { IntermodalError } from '@intermodal/core/driver';
import { invalid } from '../invalid.ts';
import { alternativesOf, type PolicyNode, type SnsFilter } from './policy.ts';
import { policyText } from './policy-text.ts';

const maxKeys = 5;
const maxCombinations = 150;
const maxBytes = 262_144;
const largestNumber = 1_000_000_000;
const maxWildcards = 3;
const maxWildcardsInAll = 100;

/** What a policy comes to so far. */
interface Tally {
  readonly scope: SnsFilter['scope'];
  wildcards: number;
}

/**
 * Everything that the service would refuse, before it is asked.
 *
 * @throws `invalid-argument` that says where in the policy
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
 */
export function checkFilter(filter: SnsFilter, where: string): void {
  const scope: unknown = filter.scope;
  if (scope !== 'attributes' && scope !== 'body')
    throw invalid(`${where}: its scope must be 'attributes' or 'body'`);
  const { policy } = filter;
  if (!isNode(policy)) throw invalid(`${where}: a filter policy is an object`);
  const keys = Object.keys(policy).length;
  if (keys === 0) throw invalid(`${where}: an empty policy filters nothing: leave it out`);
  if (keys > maxKeys) throw invalid(`${where} has ${keys} keys, and ${maxKeys} is the most`);
  const tally: Tally = { scope: filter.scope, wildcards: 0 };
  const combinations = combinationsOf(policy, tally, 1, where);
  if (combinations > maxCombinations)
    throw invalid(
      `${where} comes to ${combinations} combinations of values, and ${maxCombinations} is the most`,
    );
  if (tally.wildcards > maxWildcardsInAll)
    throw invalid(
      `${where} has ${tally.wildcards} wildcards in all, and ${maxWildcardsInAll} is the most`,
    );
  if (Buffer.byteLength(policyText(filter)) > maxBytes)
    throw invalid(`${where} is longer than ${maxBytes} bytes`);
}

/** Of a nested list: its values times its depth; of all names: the product. */
function combinationsOf(node: PolicyNode, tally: Tally, depth: number, where: string): number {
  const alternatives = alternativesOf(node);
  let product = 1;
  for (const [name, value] of Object.entries(node)) {
    const at = `${where}, '${name}'`;
    if (name === '$or' && alternatives !== undefined) {
      product *= alternatives.reduce((sum, one) => sum + combinationsOf(one, tally, depth, at), 0);
    } else if (Array.isArray(value)) {
      if (value.length === 0) throw invalid(`${at}: a list of conditions must not be empty`);
      for (const condition of value) checkCondition(condition, tally, at);
      product *= value.length * depth;
    } else if (!isNode(value)) {
      throw invalid(`${at}: conditions stand in a list, even one`);
    } else if (tally.scope === 'attributes') {
      throw invalid(`${at}: attributes do not nest, so give a list of conditions`);
    } else {
      if (Object.keys(value).length === 0) throw invalid(`${at}: an empty object matches nothing`);
      product *= combinationsOf(value, tally, depth + 1, at);
    }
  }
  return product;
}

function checkCondition(condition: unknown, tally: Tally, at: string): void {
  if (condition === null || typeof condition === 'string' || typeof condition === 'boolean') return;
  if (typeof condition === 'number') {
    checkNumber(condition, at);
    return;
  }
  const [entry, second] = isNode(condition) ? Object.entries(condition) : [];
  if (entry === undefined || second !== undefined)
    throw invalid(`${at}: a condition is a value, or an object with one operator`);
  checkOperator(entry[0], entry[1], tally, at);
}

function checkOperator(operator: string, operand: unknown, tally: Tally, at: string): void {
  switch (operator) {
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
      if (typeof operand !== 'string' || operand === '') throw wants(at, operator, 'a string');
      return;
    case 'wildcard':
      checkWildcard(operand, tally, at);
      return;
    case 'exists':
      if (typeof operand !== 'boolean') throw wants(at, operator, 'true or false');
      return;
    case 'cidr':
      if (!isCidr(operand)) throw wants(at, operator, "an address range such as '10.0.0.0/24'");
      return;
    case 'numeric':
      checkNumeric(operand, at);
      return;
    case 'anything-but':
      checkExcluded(operand, tally, at);
      return;
    default:
      throw invalid(`${at}: SNS has no operator '${operator}'`);
  }
}

function checkWildcard(operand: unknown, tally: Tally, at: string): void {
  if (typeof operand !== 'string' || operand === '') throw wants(at, 'wildcard', 'a string');
  const count = operand.split('*').length - 1;
  if (count > maxWildcards || operand.includes('**'))
    throw invalid(`${at}: a pattern has at most ${maxWildcards} wildcards, none beside another`);
  tally.wildcards += count;
}

function checkNumeric(operand: unknown, at: string): void {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [];
  const [first, from, second, to] = list;
  const isOne = list.length === 2 && isOneOf(first, ['=', '<', '<=', '>', '>=']);
  const isRange = list.length === 4 && isOneOf(first, ['>', '>=']) && isOneOf(second, ['<', '<=']);
  if (!isOne && !isRange)
    throw wants(at, 'numeric', "an operator and a number, or a range such as ['>=', 1, '<', 5]");
  checkNumber(from, at);
  if (!isRange) return;
  checkNumber(to, at);
  if (Number(from) >= Number(to)) throw invalid(`${at}: the range ends before it begins`);
}

function checkExcluded(operand: unknown, tally: Tally, at: string): void {
  if (isNode(operand)) {
    const [entry, second] = Object.entries(operand);
    if (
      entry === undefined ||
      second !== undefined ||
      !isOneOf(entry[0], ['prefix', 'suffix', 'wildcard'])
    )
      throw wants(at, 'anything-but', 'values, or one of prefix, suffix and wildcard');
    checkOperator(entry[0], entry[1], tally, at);
    return;
  }
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) throw wants(at, 'anything-but', 'at least one value');
  for (const value of values) {
    if (typeof value === 'number') checkNumber(value, at);
    else if (typeof value !== 'string') throw wants(at, 'anything-but', 'strings or numbers');
  }
}

function checkNumber(value: unknown, at: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalid(`${at}: numbers are compared with numbers`);
  const isExact = Math.abs(value * 1e5 - Math.round(value * 1e5)) < 1e-4;
  if (Math.abs(value) <= largestNumber && isExact) return;
  throw invalid(
    `${at}: ${value} is beyond what SNS compares, ±1,000,000,000 with five digits behind the point`,
  );
}

function isCidr(operand: unknown): boolean {
  if (typeof operand !== 'string') return false;
  const [address = '', length = '', more] = operand.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    more === undefined &&
    /^\d{1,3}$/.test(length) &&
    Number(length) <= (version === 4 ? 32 : 128)
  );
}

function isNode(value: unknown): value is PolicyNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf(value: unknown, known: readonly string[]): value is string {
  return typeof value === 'string' && known.includes(value);
}

function wants(at: string, operator: string, what: string): IntermodalError {
  return invalid(`${at}: '${operator}' takes ${what}`);
}
