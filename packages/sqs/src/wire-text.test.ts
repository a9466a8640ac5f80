import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeBody,
  encodeBody,
  fitsAttribute,
  identifierOf,
  isTraceHeader,
  matchesMd5,
  traceHeaderOf,
} from './wire-text.ts';

test.each([
  ['plain', 'plain', false],
  ['tab\tnewline\nreturn\r', 'tab\tnewline\nreturn\r', false],
  ['😀 \uFFFD', '😀 \uFFFD', false],
  [new TextEncoder().encode('text as bytes'), 'text as bytes', false],
  ['', '\n', true],
  [new Uint8Array(0), '\n', true],
  ['nul\0', 'bnVsAA==', true],
  ['\uFFFE', '77++', true],
  [new Uint8Array([0xff, 0x00]), '/wA=', true],
])('%j travels as %j', (body, text, base64) => {
  expect(encodeBody(body)).toEqual({ text, base64 });
});

test('any bytes come back as they were', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
      ),
      (body) => {
        const { text, base64 } = encodeBody(body);
        expect(text).not.toBe('');
        expect(base64 ? decodeBody(text) : new TextEncoder().encode(text)).toEqual(
          new Uint8Array(body),
        );
      },
    ),
  );
});

test('text that no UTF-8 can say is refused instead of changed', () => {
  expect(() => encodeBody('half \uD83D')).toThrow(
    expect.objectContaining({ code: 'invalid-message' }),
  );
});

test('base64 of other programs may be wrapped or unpadded, and must be base64', () => {
  expect(decodeBody('aGVs\r\nbG8=')).toEqual(new TextEncoder().encode('hello'));
  expect(decodeBody('aGVsbG8')).toEqual(new TextEncoder().encode('hello'));
  for (const text of ['not base64!', 'aGVsbG8=aGVsbG8=', 'a'])
    expect(() => decodeBody(text)).toThrow(/base64/);
});

test.each([
  ['trace-id_1.x', 'v', true],
  ['a'.repeat(256), 'v', true],
  ['a'.repeat(257), 'v', false],
  ['name', '', false],
  ['name', 'line\u0001', false],
  ['AWS.name', 'v', false],
  ['amazon.Name', 'v', false],
  ['awsome', 'v', true],
  ['.name', 'v', false],
  ['name.', 'v', false],
  ['na..me', 'v', false],
  ['na me', 'v', false],
  ['näme', 'v', false],
])('attribute %j: %j fits: %s', (name, value, fits) => {
  expect(fitsAttribute(name, value)).toBe(fits);
});

test('groups and deduplication ids are what SQS takes, or a hash', () => {
  expect(identifierOf('customer-7!~')).toBe('customer-7!~');
  for (const text of ['', 'with space', 'ünïcode', 'x'.repeat(129)])
    expect(identifierOf(text)).toMatch(/^[0-9a-f]{64}$/);
});

test('a W3C trace is the same trace for X-Ray', () => {
  const header = traceHeaderOf('00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01');
  expect(header).toBe('Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1');
  expect(isTraceHeader(header ?? '')).toBe(true);
  expect(traceHeaderOf('garbage')).toBeUndefined();
  expect(isTraceHeader('Root=garbage')).toBe(false);
});

test('a checksum is only wrong where there is one', () => {
  expect(matchesMd5('hello', '5d41402abc4b2a76b9719d911017c592')).toBe(true);
  expect(matchesMd5('hello', undefined)).toBe(true);
  expect(matchesMd5('hellö', '5d41402abc4b2a76b9719d911017c592')).toBe(false);
});
