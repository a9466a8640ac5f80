import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawMembers } from './raw-json.ts';

describe('rawMembers', () => {
  test('gives each value as it was written', () => {
    const text = `{ "a" : 1.0 , "b":"x\\"}],{" ,"c": [ {"d":"]"} , 2 ] ,\n"e":12345678901234567890, "f":{"g":{}}, "h":null }`;
    expect([...rawMembers(text)]).toEqual([
      ['a', '1.0'],
      ['b', '"x\\"}],{"'],
      ['c', '[ {"d":"]"} , 2 ]'],
      ['e', '12345678901234567890'],
      ['f', '{"g":{}}'],
      ['h', 'null'],
    ]);
  });

  test.each(['{}', ' { } ', '\n{\t}\n'])('finds nothing in %j', (text) => {
    expect(rawMembers(text).size).toBe(0);
  });

  test('the last of two counts, and names may be escaped', () => {
    expect([...rawMembers('{"data":1,"d\\u0061ta":2}')]).toEqual([['data', '2']]);
  });

  test('takes megabytes and deep nesting', () => {
    const long = JSON.stringify('\\"'.repeat(1_000_000));
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const members = rawMembers(`{"long":${long},"deep":${deep}}`);
    expect(members.get('long') === long).toBe(true);
    expect(members.get('deep') === deep).toBe(true);
  });

  test('agrees with JSON.parse on every object, in any layout', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const parsed = [...rawMembers(text)].map(([name, raw]) => [
          name,
          JSON.parse(raw) as unknown,
        ]);
        const expected = Object.entries(JSON.parse(text) as object);
        expect(Object.fromEntries(parsed)).toEqual(Object.fromEntries(expected));
        for (const [, raw] of rawMembers(text)) expect(text).toContain(raw);
      }),
    );
  });
});
