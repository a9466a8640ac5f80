import { BlockList, isIP } from 'node:net';

/** What conditions are compared with. */
export type Scalar = string | number | boolean | null;

type Test = (value: Scalar) => boolean;

/** True if one of the values meets the condition; `exists` is about whether there is any. */
export function matchesCondition(condition: unknown, values: readonly Scalar[]): boolean {
  if (typeof condition !== 'object' || condition === null)
    return values.some((value) => equals(condition, value));
  const [[operator, operand] = []] = Object.entries(condition);
  if (operator === 'exists') return values.length > 0 === operand;
  if (operator === undefined) return false;
  return values.some(testOf(operator, operand));
}

function testOf(operator: string, operand: unknown): Test {
  switch (operator) {
    case 'prefix':
      return ofText((value) => value.startsWith(operand as string));
    case 'suffix':
      return ofText((value) => value.endsWith(operand as string));
    case 'equals-ignore-case':
      return ofText((value) => value.toLowerCase() === (operand as string).toLowerCase());
    case 'wildcard':
      return ofText((value) => wildcardOf(operand as string).test(value));
    case 'cidr':
      return ofText((value) => isWithin(value, operand as string));
    case 'numeric':
      return (value) =>
        typeof value === 'number' && isInRange(value, operand as readonly unknown[]);
    case 'anything-but':
      return excluding(operand);
    default:
      return () => false;
  }
}

/** Operators of text say nothing about other values. */
function ofText(test: (value: string) => boolean): Test {
  return (value) => typeof value === 'string' && test(value);
}

function excluding(operand: unknown): Test {
  if (Array.isArray(operand)) return (value) => !operand.some((one) => equals(one, value));
  if (typeof operand !== 'object' || operand === null) return (value) => !equals(operand, value);
  const [[operator, inner] = []] = Object.entries(operand);
  const test = testOf(operator ?? '', inner);
  return (value) => typeof value === 'string' && !test(value);
}

function equals(wanted: unknown, value: Scalar): boolean {
  if (typeof wanted === 'number' && typeof value === 'number')
    return rounded(wanted) === rounded(value);
  return wanted === value;
}

/** Five digits behind the point are all that is compared. */
function rounded(value: number): number {
  return Math.round(value * 1e5);
}

function isInRange(value: number, comparisons: readonly unknown[]): boolean {
  const compared = rounded(value);
  for (let index = 0; index + 1 < comparisons.length; index += 2) {
    const limit = rounded(Number(comparisons[index + 1]));
    if (!compare(comparisons[index], compared, limit)) return false;
  }
  return true;
}

function compare(operator: unknown, value: number, limit: number): boolean {
  switch (operator) {
    case '=':
      return value === limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    default:
      return false;
  }
}

function wildcardOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function isWithin(value: string, range: string): boolean {
  const [address = '', length] = range.split('/');
  const version = isIP(address);
  if (isIP(value) !== version || version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(length), family);
  return list.check(value, family);
}
