/** One thing that a value may be. @see https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html */
export type SnsCondition =
  | string
  | number
  | boolean
  | null
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly 'equals-ignore-case': string }
  | { readonly wildcard: string }
  | { readonly cidr: string }
  | { readonly exists: boolean }
  | { readonly numeric: SnsNumeric }
  | { readonly 'anything-but': SnsExcluded };

/** One comparison, or a range of two. */
export type SnsNumeric =
  | readonly ['=' | SnsLower | SnsUpper, number]
  | readonly [SnsLower, number, SnsUpper, number];

/** Where a range begins. */
export type SnsLower = '>' | '>=';
/** Where a range ends. */
export type SnsUpper = '<' | '<=';

/** What a value must not be. */
export type SnsExcluded =
  | string
  | number
  | readonly (string | number)[]
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly wildcard: string };

/** All of its names must match, each by one of its conditions; of `$or` one alternative must. */
export type SnsAttributePolicy<Name extends string = string> = string extends Name
  ? LooseAttributePolicy
  : { readonly [N in Name]?: readonly SnsCondition[] } & {
      readonly $or?: readonly SnsAttributePolicy<Name>[];
    };

/** Of attributes whose names are not known. */
export interface LooseAttributePolicy {
  readonly [name: string]: readonly SnsCondition[] | readonly LooseAttributePolicy[];
}

/** The same of the body's members, nested as they are; members of objects in a list count if one of them matches. */
export type SnsBodyPolicy<Body = unknown> = unknown extends Body
  ? LooseBodyPolicy
  : { readonly [N in keyof Body]?: SnsMemberPolicy<Body[N]> } & {
      readonly $or?: readonly SnsBodyPolicy<Body>[];
    };

/** What may be asked of one member of a body. */
export type SnsMemberPolicy<Value> =
  NonNullable<Value> extends readonly (infer Item)[]
    ? SnsMemberPolicy<Item>
    : NonNullable<Value> extends object
      ? SnsBodyPolicy<NonNullable<Value>>
      : readonly SnsCondition[];

/** Of a body whose type is not known. */
export interface LooseBodyPolicy {
  readonly [name: string]: readonly SnsCondition[] | LooseBodyPolicy | readonly LooseBodyPolicy[];
}

/** What a subscription is delivered. */
export type SnsFilter =
  | { readonly scope: 'attributes'; readonly policy: LooseAttributePolicy }
  | { readonly scope: 'body'; readonly policy: LooseBodyPolicy };

/** By channel, then by group. */
export type SnsFilters = Readonly<Record<string, Readonly<Record<string, SnsFilter>>>>;

/** A filter on attributes: headers, and what Intermodal writes beside them, such as `imkey`. */
export function attributeFilter<Name extends string = string>(
  policy: SnsAttributePolicy<NoInfer<Name>>,
): SnsFilter {
  return { scope: 'attributes', policy };
}

/** A filter on the body, which must be JSON; `bodyFilter<Order>()` takes the members of an `Order` alone. */
export function bodyFilter<Body = unknown>(policy: SnsBodyPolicy<NoInfer<Body>>): SnsFilter {
  return { scope: 'body', policy };
}

/** As the service reads it: conditions stand in lists, everything else is nesting. */
export type PolicyNode = Readonly<Record<string, unknown>>;

/**
 * The alternatives of `$or` where the service sees such: at least two objects, none of which has an operator's name
 * among its names. Else `$or` is a name like any other.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html
 */
export function alternativesOf(node: PolicyNode): readonly PolicyNode[] | undefined {
  const given: unknown = Object.hasOwn(node, '$or') ? node['$or'] : undefined;
  if (!Array.isArray(given) || given.length < 2) return undefined;
  const isGroup = (one: unknown): one is PolicyNode =>
    typeof one === 'object' &&
    one !== null &&
    !Array.isArray(one) &&
    !Object.keys(one).some((name) => operators.has(name));
  return given.every(isGroup) ? given : undefined;
}

const operators: ReadonlySet<string> = new Set([
  'prefix',
  'suffix',
  'equals-ignore-case',
  'wildcard',
  'cidr',
  'exists',
  'numeric',
  'anything-but',
]);
