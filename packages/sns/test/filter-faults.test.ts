import type { AwsBroker } from '@intermodal/brokers';
import { expect, test } from 'vitest';
import { attributeFilter, bodyFilter, matchesFilter, type SnsFilter } from '../src/index.ts';
import { deliveredBy, type LabMessage } from './filter-lab.ts';

function text(StringValue: string): { DataType: string; StringValue: string } {
  return { DataType: 'String', StringValue };
}

function number(StringValue: string): { DataType: string; StringValue: string } {
  return { DataType: 'Number', StringValue };
}

const colours = { DataType: 'String.Array', StringValue: '["red","blue"]' };

function having(attributes: LabMessage['attributes']): LabMessage {
  return { body: '{}', attributes };
}

function holding(body: unknown): LabMessage {
  return { body: JSON.stringify(body), attributes: {} };
}

/** Where an emulator does not filter as SNS does: the table of docs/emulators.md. */
const faults: readonly {
  readonly filter: SnsFilter;
  readonly message: LabMessage;
  readonly sns: boolean;
  readonly wrong: readonly AwsBroker[];
}[] = [
  {
    filter: attributeFilter({ a: [{ numeric: ['=', 12] }] }),
    message: having({ a: text('12') }),
    sns: false,
    wrong: ['fauxqs'],
  },
  {
    filter: attributeFilter({ a: ['12'] }),
    message: having({ a: number('12') }),
    sns: false,
    wrong: ['fauxqs', 'moto'],
  },
  {
    filter: attributeFilter({ a: [{ numeric: ['=', 1] }] }),
    message: having({ a: number('1.000001') }),
    sns: true,
    wrong: ['fauxqs', 'moto'],
  },
  {
    filter: attributeFilter({ a: ['red'] }),
    message: having({ a: colours }),
    sns: true,
    wrong: ['fauxqs'],
  },
  {
    filter: attributeFilter({ a: [{ prefix: 'bl' }] }),
    message: having({ a: colours }),
    sns: true,
    wrong: ['fauxqs', 'moto'],
  },
  {
    filter: attributeFilter({ a: [{ wildcard: 'r*' }] }),
    message: having({ a: text('red') }),
    sns: true,
    wrong: ['moto'],
  },
  {
    filter: attributeFilter({ a: [{ cidr: '10.0.0.0/8' }] }),
    message: having({ a: text('10.1.2.3') }),
    sns: true,
    wrong: ['moto'],
  },
  {
    filter: attributeFilter({ a: [{ 'anything-but': { suffix: 'x' } }] }),
    message: having({ a: text('red') }),
    sns: true,
    wrong: ['moto'],
  },
  {
    filter: attributeFilter({ a: [{ 'equals-ignore-case': 'RED' }] }),
    message: having({ a: text('red') }),
    sns: true,
    wrong: ['moto'],
  },
  {
    filter: attributeFilter({ a: ['red', { exists: false }] }),
    message: having({ b: text('red') }),
    sns: true,
    wrong: ['moto'],
  },
  {
    filter: attributeFilter({ a: [null] }),
    message: having({ b: text('red') }),
    sns: false,
    wrong: ['fauxqs'],
  },
  {
    filter: attributeFilter({ a: ['say "hi"'] }),
    message: having({ a: text('say "hi"') }),
    sns: true,
    wrong: ['fauxqs', 'moto'],
  },
  {
    filter: bodyFilter({ a: ['red'] }),
    message: holding({ a: ['red', 'blue'] }),
    sns: true,
    wrong: ['fauxqs'],
  },
  {
    filter: bodyFilter({ a: { b: ['red'] } }),
    message: holding({ a: [{ b: 'blue' }, { b: 'red' }] }),
    sns: true,
    wrong: ['fauxqs'],
  },
  {
    filter: bodyFilter({ a: ['true'] }),
    message: holding({ a: true }),
    sns: false,
    wrong: ['fauxqs'],
  },
  {
    filter: bodyFilter({ a: [null] }),
    message: holding({ a: null }),
    sns: true,
    wrong: ['moto'],
  },
];

test.each(['fauxqs', 'moto'] as const)(
  'where %s does not filter as SNS does',
  async (broker) => {
    const filters = faults.map(({ filter }) => filter);
    const messages = faults.map(({ message }) => message);
    const delivered = await deliveredBy(broker, filters, messages);
    const found = faults.map(({ filter }, at) => [filter, delivered[at]!.includes(at)]);
    const expected = faults.map(({ filter, sns, wrong }) => [
      filter,
      sns !== wrong.includes(broker),
    ]);
    expect(found).toEqual(expected);
  },
  120_000,
);

test('and the local evaluator does', () => {
  for (const { filter, message, sns } of faults) expect(matchesFilter(filter, message)).toBe(sns);
});
