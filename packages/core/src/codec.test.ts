import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { bodyBytes, bodyText, bytes, json, text } from './codec.ts';

const notUtf8 = new Uint8Array([0x61, 0xff, 0x62]);

describe('json', () => {
  test('is one codec, whatever its type', () => {
    expect(json<{ readonly id: string }>()).toBe(json());
    expect(json().contentType).toBe('application/json');
  });

  test('reads what it wrote, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const encoded = json().encode(value);
        const expected = JSON.parse(JSON.stringify(value)) as unknown;
        expect(json().decode(encoded)).toEqual(expected);
        expect(json().decode(bodyBytes(encoded))).toEqual(expected);
      }),
    );
  });

  test.each([undefined, () => undefined, Symbol('a')])(
    'refuses %s, which JSON leaves out',
    (value) => {
      expect(codeOf(() => json().encode(value))).toBe('invalid-argument');
    },
  );

  test.each(['', '{', 'hunter2', '\uFEFF{}', "{'hunter2':1}"])(
    'refuses %j and does not quote it',
    (body) => {
      expect(codeOf(() => json().decode(body))).toBe('invalid-message');
      expect(() => json().decode(body)).not.toThrow(/hunter2/u);
    },
  );

  test('throws nothing but invalid-message on any body', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array(), fc.json()), (body) => {
        expect(['none', 'invalid-message']).toContain(codeOf(() => json().decode(body)));
      }),
    );
  });
});

describe('text and bytes', () => {
  test('text stays as it is, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (body) => {
        expect(text.encode(body)).toBe(body);
        expect(text.decode(body)).toBe(body);
        expect(text.decode(bodyBytes(body))).toBe(body);
      }),
    );
    expect(text.decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe('\uFEFFa');
  });

  test('text that is no UTF-8 is refused', () => {
    expect(codeOf(() => text.decode(notUtf8))).toBe('invalid-message');
    expect(codeOf(() => bodyText(notUtf8))).toBe('invalid-message');
  });

  test('bytes stay as they are, valid or not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        expect(bytes.encode(body)).toBe(body);
        expect(bytes.decode(body)).toEqual(body);
      }),
    );
    expect(bytes.decode('é')).toEqual(new Uint8Array([0xc3, 0xa9]));
  });
});
