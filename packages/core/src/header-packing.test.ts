import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import type { Headers } from './client-types.ts';
import {
  checkHeaders,
  type PackingRules,
  packHeaders,
  reservedNames,
  unpackHeaders,
  wireNames,
} from './header-packing.ts';

const anyText = fc.string({ unit: 'binary' });
const oddNames = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  '0',
  '10',
  ' ',
  'é',
  '\uFFFF',
  '\u{1FFFE}',
);
const header = fc.tuple(
  fc.oneof(anyText, oddNames),
  fc.oneof(anyText, fc.constant(''), fc.constant('\u0000\u0085')),
);
const headerMap = fc.array(header, { maxLength: 25 }).map((entries) => new Map(entries));

const fitsOnly = (pattern: RegExp, maxCount = 10, maxNameBytes = 256): PackingRules => ({
  maxCount,
  maxNameBytes,
  isNative: (name, value) => pattern.test(name) && value !== '',
});

describe('checkHeaders', () => {
  test('copies objects and maps', () => {
    const source = new Map([['a', '1']]);
    const checked = checkHeaders(source);
    source.set('b', '2');
    expect([...checked]).toEqual([['a', '1']]);
    expect([...checkHeaders({ b: '', a: 'x\ny' })]).toEqual([
      ['b', ''],
      ['a', 'x\ny'],
    ]);
    expect(checkHeaders(undefined).size).toBe(0);
  });

  test('a header may be named like a method or a prototype', () => {
    const record = Object.fromEntries([
      ['get', 'a'],
      ['entries', 'b'],
      ['__proto__', 'c'],
    ]) as Headers;
    expect([...checkHeaders(record).keys()]).toEqual(['get', 'entries', '__proto__']);
  });

  test.each([...reservedNames])('refuses %s in any case', (name) => {
    expect(codeOf(() => checkHeaders({ [name]: 'x' }))).toBe('invalid-argument');
    expect(codeOf(() => checkHeaders({ [name.toUpperCase()]: 'x' }))).toBe('invalid-argument');
    expect(codeOf(() => checkHeaders({ [`${name}2`]: 'x' }))).toBe('none');
  });

  test.each([
    ['an empty name', { '': 'x' }],
    ['a line break in a name', { 'a\nb': 'x' }],
    ['a C1 control in a name', { 'a\u0085': 'x' }],
    ['half a pair in a name', { '\uD800': 'x' }],
    ['half a pair in a value', { a: 'x\uDC00' }],
    ['a number', { a: 1 }],
    ['undefined', { a: undefined }],
    ['an array', ['a']],
    ['a set', new Set(['a'])],
    ['a string', 'a'],
    ['a number for headers', 1],
    ['null', null],
    ['a map of numbers', new Map([['a', 1]])],
    ['a name that is no string', new Map([[Symbol('a'), 'x']])],
  ])('refuses %s', (_what, headers) => {
    expect(codeOf(() => checkHeaders(headers as unknown as Headers))).toBe('invalid-argument');
  });

  test('says which header and what to do, without its value', () => {
    expect(() => checkHeaders({ tenant: 42 } as unknown as Headers)).toThrow(
      `header "tenant": its value is of type number: leave it out, or make it a string`,
    );
    const secret = (): unknown => checkHeaders({ token: 'hunter2\uD800' });
    expect(secret).toThrow(/token/u);
    expect(secret).not.toThrow(/hunter2/u);
  });

  test('throws nothing but invalid-argument, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withMap: true, withSet: true, withNullPrototype: true }),
        (headers) => {
          expect(['none', 'invalid-argument']).toContain(
            codeOf(() => checkHeaders(headers as Headers)),
          );
        },
      ),
    );
  });

  test('keeps every well-formed name and value', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !reservedNames.has(text.toLowerCase()));
    const value = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (entries) => {
        const headers = new Map(entries);
        expect(checkHeaders(headers)).toEqual(headers);
      }),
    );
  });
});

describe('packing', () => {
  test('what fits stays as it is, without a copy', () => {
    const headers = new Map([['a', '1']]);
    expect(packHeaders(headers, fitsOnly(/./u, 1))).toEqual({ native: headers, packed: undefined });
    expect(packHeaders(headers, fitsOnly(/./u, 1)).native).toBe(headers);
  });

  test('imheaders takes one of the places', () => {
    const headers = new Map(Array.from({ length: 11 }, (_, index) => [`h${index}`, 'x'] as const));
    const { native, packed } = packHeaders(headers, fitsOnly(/./u));
    expect([...native.keys()]).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8']);
    expect(packed).toBe('{"h9":"x","h10":"x"}');
  });

  test("core's own and tracing headers stay visible first", () => {
    const headers = new Map([
      ['a', '1'],
      ['b', '2'],
      ['traceparent', 't'],
      [wireNames.reason, 'r'],
    ]);
    expect([...packHeaders(headers, fitsOnly(/./u, 3)).native.keys()]).toEqual([
      'traceparent',
      wireNames.reason,
    ]);
  });

  test('a forged imid never takes the place of the real one', () => {
    const { native, packed } = packHeaders(new Map([[wireNames.id, 'forged']]), fitsOnly(/./u));
    expect(native.size).toBe(0);
    expect(packed).toBe('{"imid":"forged"}');
  });

  test('names are measured in bytes', () => {
    const rules = fitsOnly(/./u, 10, 4);
    expect(packHeaders(new Map([['éé', 'x']]), rules).packed).toBeUndefined();
    expect(packHeaders(new Map([['ééé', 'x']]), rules).packed).toBe('{"ééé":"x"}');
  });

  test('the packed text has nothing that a broker refuses', () => {
    const { packed } = packHeaders(
      new Map([['a', '\u0000\n\u0085\uFFFF\u{1FFFE}é']]),
      fitsOnly(/^$/u),
    );
    expect(packed).toBe(String.raw`{"a":"\u0000\n\u0085\uffff\ud83f\udffeé"}`);
  });

  test('comes back whole, whatever the rules', () => {
    const rules = fc.record({
      maxCount: fc.oneof(fc.nat({ max: 30 }), fc.constant(Infinity)),
      maxNameBytes: fc.oneof(fc.nat({ max: 20 }), fc.constant(Infinity)),
      isNative: fc.func(fc.boolean()),
    });
    fc.assert(
      fc.property(headerMap, rules, (headers, given) => {
        const { native, packed } = packHeaders(headers, given);
        expect(unpackHeaders(native, packed)).toEqual(headers);
        expect(native.size + (packed === undefined ? 0 : 1)).toBeLessThanOrEqual(
          Math.max(1, given.maxCount),
        );
        for (const [name, value] of native) expect(given.isNative(name, value)).toBe(true);
        expect(packHeaders(headers, given).packed).toBe(packed);
        expect(packed ?? '').not.toMatch(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
      }),
      { numRuns: 500 },
    );
  });

  test('a native header wins over a packed one', () => {
    expect([...unpackHeaders(new Map([['a', 'native']]), '{"a":"packed"}')]).toEqual([
      ['a', 'native'],
    ]);
  });

  test.each(['', '{', '[]', '"x"', 'null', '{"a":1}', '{"a":null}', '{"a":{"b":"c"}}'])(
    'refuses %j as packed headers',
    (packed) => {
      expect(codeOf(() => unpackHeaders(new Map(), packed))).toBe('invalid-message');
    },
  );

  test('throws nothing but invalid-message on any packed text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (packed) => {
        expect(['none', 'invalid-message']).toContain(
          codeOf(() => unpackHeaders(new Map(), packed)),
        );
      }),
    );
  });
});
