import { alternativesOf, type PolicyNode, type SnsFilter } from './policy.ts';
import { matchesCondition, type Scalar } from './condition.ts';

/** A message as SNS sees it. */
export interface FilteredMessage {
  readonly body: string;
  readonly attributes: Readonly<
    Record<
      string,
      { readonly DataType?: string | undefined; readonly StringValue?: string | undefined }
    >
  >;
}

/** Whether SNS delivers the message to a subscription with this filter. */
export function matchesFilter({ scope, policy }: SnsFilter, message: FilteredMessage): boolean {
  if (scope === 'attributes') return matchesNode(policy, attributeValues(message));
  const body = parsed(message.body);
  return isObject(body) && matchesNode(policy, bodyValues(body));
}

/** The values that stand under a name: none where it is missing; objects only in bodies. */
type ValuesOf = (name: string) => readonly unknown[];

function attributeValues({ attributes }: FilteredMessage): ValuesOf {
  return (name) => {
    if (!Object.hasOwn(attributes, name)) return [];
    const { DataType = '', StringValue = '' } = attributes[name] ?? {};
    if (DataType === 'String.Array') return listIn(StringValue);
    if (DataType === 'Number') return [Number(StringValue)];
    return DataType === 'String' ? [StringValue] : [];
  };
}

/** One that is no list is compared as nothing. */
function listIn(text: string): readonly unknown[] {
  const value = parsed(text);
  return Array.isArray(value) ? value : [];
}

function bodyValues(body: Readonly<Record<string, unknown>>): ValuesOf {
  return (name) => {
    if (!Object.hasOwn(body, name)) return [];
    const value = body[name];
    return Array.isArray(value) ? (value as readonly unknown[]).flat(Infinity) : [value];
  };
}

function matchesNode(node: PolicyNode, valuesOf: ValuesOf): boolean {
  const alternatives = alternativesOf(node);
  return Object.entries(node).every(([name, wanted]) => {
    if (name === '$or' && alternatives !== undefined)
      return alternatives.some((one) => matchesNode(one, valuesOf));
    const values = valuesOf(name);
    if (Array.isArray(wanted)) {
      const scalars = values.filter(isScalar);
      return wanted.some((condition) => matchesCondition(condition, scalars));
    }
    // All that is asked of an object must be true of one and the same in a list.
    return values.some(
      (value) => isObject(value) && matchesNode(wanted as PolicyNode, bodyValues(value)),
    );
  });
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
