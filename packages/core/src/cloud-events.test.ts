import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { decodeEnvelope, encodeEnvelope } from './cloud-event-envelope.ts';
import { fromCloudEvent, toCloudEvent } from './cloud-events.ts';
import { bodyBytes } from './codec.ts';
import type { WireMessage } from './driver.ts';
import { reservedNames } from './header-packing.ts';

const json = 'application/json';
const structured = 'application/cloudevents+json';

function message(parts: Partial<WireMessage> = {}): WireMessage {
  return {
    id: 'i1',
    channel: 'orders',
    headers: new Map(),
    contentType: json,
    body: '{"n":1}',
    ...parts,
  };
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** What must be the same on both sides; a body may change from text to the same bytes. */
function essence(of: WireMessage | undefined): unknown {
  if (of === undefined) return undefined;
  return {
    id: of.id,
    channel: of.channel,
    key: of.key,
    publishedAt: of.publishedAt,
    contentType: of.contentType,
    headers: new Map(of.headers),
    body: Buffer.from(bodyBytes(of.body)).toString('hex'),
  };
}

const attributeText = fc.string({ unit: 'grapheme', minLength: 1 });
const anyText = fc.string({ unit: 'binary' });
const headerName = anyText.filter((name) => !reservedNames.has(name) && !name.startsWith('ce-'));
const contentType = fc.constantFrom(
  undefined,
  json,
  'text/plain; charset=utf-8',
  'application/vnd.a+json',
  'image/png',
);
const body = fc.oneof(
  anyText,
  fc.json(),
  fc.json().map((text) => ` ${text}\n`),
  fc.constantFrom(
    '',
    ' ',
    'null',
    '"x"',
    '12345678901234567890',
    '1.0',
    '{"a":1,"a":2}',
    '\uFEFF{}',
  ),
  fc.uint8Array(),
);
const anyMessage: fc.Arbitrary<WireMessage> = fc.record({
  id: attributeText,
  channel: fc.constantFrom('orders', 'a'),
  key: fc.oneof(fc.constant(undefined), anyText),
  publishedAt: fc.oneof(
    fc.constant(undefined),
    fc.nat(),
    fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
  ),
  headers: fc
    .array(
      fc.tuple(
        fc.oneof(headerName, fc.constantFrom('traceparent', '__proto__', 'tracestate')),
        anyText,
      ),
    )
    .map((entries) => new Map(entries)),
  contentType,
  body,
});

describe('the envelope of transports without headers', () => {
  test('is a CloudEvent with the body as data, in one line', () => {
    const full = message({
      key: 'k',
      publishedAt: Date.UTC(2026, 0, 2),
      headers: new Map([
        ['tenant', 'é'],
        ['traceparent', '00-a-b-01'],
      ]),
    });
    const text = encodeEnvelope(full);
    expect(parse(text)).toEqual({
      specversion: '1.0',
      id: 'i1',
      source: 'urn:intermodal:orders',
      type: 'orders',
      time: '2026-01-02T00:00:00.000Z',
      datacontenttype: json,
      partitionkey: 'k',
      traceparent: '00-a-b-01',
      imheaders: '{"tenant":"é"}',
      data: { n: 1 },
    });
    expect(decodeEnvelope(text, 'orders')).toEqual(full);
  });

  test('text is a string, bytes are base64, and so is JSON that would not come out the same', () => {
    expect(
      parse(encodeEnvelope(message({ contentType: 'text/plain', body: 'a\nb' })))['data'],
    ).toBe('a\nb');
    const bytes = parse(encodeEnvelope(message({ body: new Uint8Array([0, 255]) })));
    expect([bytes['data'], bytes['data_base64']]).toEqual([undefined, 'AP8=']);
    for (const spaced of ['{\n}', ' {}', '{} ', '', '{']) {
      expect(parse(encodeEnvelope(message({ body: spaced })))).toHaveProperty('data_base64');
    }
  });

  test('every message comes back, byte for byte', () => {
    fc.assert(
      fc.property(anyMessage, (given) => {
        const text = encodeEnvelope(given);
        expect(text).not.toMatch(/[\r\n]/u);
        expect(essence(decodeEnvelope(text, given.channel))).toEqual(essence(given));
        expect(essence(decodeEnvelope(bodyBytes(text), given.channel))).toEqual(essence(given));
      }),
      { numRuns: 500 },
    );
  });

  test.each(['', 'a\nb', '\uFFFF', '\uD800'])('refuses the id %j', (id) => {
    expect(codeOf(() => encodeEnvelope(message({ id })))).toBe('invalid-argument');
  });

  test('bodies that are no CloudEvent of version 1.0 are none, and not an error', () => {
    const foreign = [
      '',
      'x',
      '{}',
      '[]',
      '{"specversion":"0.3","id":"a"}',
      '["specversion"]',
      '"\\"specversion\\""',
    ];
    for (const text of foreign) expect(decodeEnvelope(text, 'orders')).toBeUndefined();
    expect(decodeEnvelope(new Uint8Array([0xff, 0xfe]), 'orders')).toBeUndefined();
  });

  test.each([
    ['id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['a number for an id', { id: 1 }],
    ['source', { source: null }],
    ['type', { type: '' }],
    ['a time', { time: 'yesterday' }],
    ['both kinds of data', { data: 1, data_base64: 'AA==' }],
    ['base64', { data_base64: 'A' }],
    ['base64 at all', { data_base64: 5 }],
    ['text for a text type', { datacontenttype: 'text/plain', data: { a: 1 } }],
    ['its own headers', { imheaders: '[]' }],
  ])('a CloudEvent without %s is refused', (_what, change) => {
    const event = { specversion: '1.0', id: 'a', source: '/s', type: 't', ...change };
    expect(codeOf(() => decodeEnvelope(JSON.stringify(event), 'orders'))).toBe('invalid-message');
  });

  test('a broken envelope is refused', () => {
    expect(codeOf(() => decodeEnvelope('{"specversion":"1.0",', 'orders'))).toBe('invalid-message');
  });

  test('throws nothing but invalid-message on any body', () => {
    const event = fc.record(
      {
        specversion: fc.constantFrom('1.0', '0.3', 1, null),
        id: fc.oneof(fc.string(), fc.jsonValue()),
        source: fc.oneof(fc.string(), fc.jsonValue()),
        type: fc.oneof(fc.string(), fc.jsonValue()),
        time: fc.oneof(fc.constant('2026-01-01T00:00:00Z'), fc.jsonValue()),
        datacontenttype: fc.oneof(contentType, fc.jsonValue()),
        data: fc.jsonValue(),
        data_base64: fc.oneof(fc.base64String(), fc.jsonValue()),
        imheaders: fc.oneof(fc.json(), fc.jsonValue()),
        partitionkey: fc.jsonValue(),
        ext: fc.jsonValue(),
      },
      { requiredKeys: ['specversion'] },
    );
    const anyBody = fc.oneof(
      event.map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string().map((text) => `"specversion"${text}`),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(anyBody, (given) => {
        expect(['none', 'invalid-message']).toContain(
          codeOf(() => decodeEnvelope(given, 'orders')),
        );
        const asked = (): unknown =>
          fromCloudEvent(message({ contentType: structured, body: given }));
        expect(['none', 'invalid-message']).toContain(codeOf(asked));
      }),
      { numRuns: 500 },
    );
  });
});

test('nothing but invalid-argument and invalid-message, whatever the headers are', () => {
  const names = [
    'specversion',
    'id',
    'source',
    'type',
    'time',
    'subject',
    'datacontenttype',
    'partitionkey',
    'x',
    '',
  ];
  const prefix = fc.constantFrom('ce-', 'cloudEvents:', '');
  const name = fc.oneof(
    anyText,
    fc.tuple(prefix, fc.constantFrom(...names)).map((parts) => parts.join('')),
  );
  const value = fc.oneof(
    anyText,
    fc.constantFrom('1.0', '', '2026-01-01T00:00:00Z', '2026-13-99T99:99:99Z'),
  );
  const headers = fc
    .array(fc.tuple(name, value), { maxLength: 12 })
    .map((entries) => new Map(entries));
  fc.assert(
    fc.property(
      headers,
      prefix,
      anyText,
      fc.constantFrom('binary', 'structured'),
      (given, of, id, mode) => {
        const event = message({ id, headers: given });
        expect(['none', 'invalid-message']).toContain(codeOf(() => fromCloudEvent(event, of)));
        expect(['none', 'invalid-argument']).toContain(
          codeOf(() => toCloudEvent(event, { mode }, of)),
        );
      },
    ),
    { numRuns: 1_000 },
  );
});

describe('events of other programs', () => {
  test('attributes without a field become headers, of any type and none', () => {
    const event = `{"specversion":"1.0","id":"e1","source":"/shop","type":"placed","subject":"o-7","seq":5,"big":1.50,
      "live":true,"unset":null,"odd":{"a": 1},"traceparent":"00-x","time":"2026-01-01T01:00:00.1234567+01:00",
      "partitionkey":"k","data":{"id": 12345678901234567890}}`;
    expect(decodeEnvelope(event, 'orders')).toEqual({
      id: 'e1',
      channel: 'orders',
      key: 'k',
      publishedAt: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
      contentType: json,
      body: '{"id": 12345678901234567890}',
      headers: new Map([
        ['ce-source', '/shop'],
        ['ce-type', 'placed'],
        ['ce-subject', 'o-7'],
        ['ce-seq', '5'],
        ['ce-big', '1.50'],
        ['ce-live', 'true'],
        ['ce-odd', '{"a": 1}'],
        ['traceparent', '00-x'],
      ]),
    });
  });

  test.each([
    ['a string without a type is JSON', { data: 'text' }, '"text"', json],
    ['null is a body', { data: null }, 'null', json],
    ['no data is an empty body', { datacontenttype: 'text/xml' }, '', 'text/xml'],
    ['text', { datacontenttype: 'text/xml', data: '<a/>' }, '<a/>', 'text/xml'],
    [
      'a JSON dialect',
      { datacontenttype: 'application/X+JSON; v=1', data: [1] },
      '[1]',
      'application/X+JSON; v=1',
    ],
    ['base64', { data_base64: 'AQI=', data: undefined }, '\u0001\u0002', undefined],
    ['an unset base64', { data_base64: null, data: 1 }, '1', json],
  ])('%s', (_what, part, expected, type) => {
    const event = JSON.stringify({ specversion: '1.0', id: 'a', source: '/s', type: 't', ...part });
    const decoded = decodeEnvelope(event, 'orders');
    expect(new TextDecoder().decode(bodyBytes(decoded?.body ?? 'none'))).toBe(expected);
    expect(decoded?.contentType).toBe(type);
  });

  test.each([
    ['2026-01-01T00:00:00Z', 0],
    ['2026-01-01t00:00:00z', 0],
    ['2025-12-31T19:00:00.5-05:00', 500],
    ['2025-12-31T23:59:60Z', -1_000],
  ])('reads the time %s', (time, offset) => {
    const event = JSON.stringify({ specversion: '1.0', id: 'a', source: '/s', type: 't', time });
    expect(decodeEnvelope(event, 'orders')?.publishedAt).toBe(Date.UTC(2026, 0, 1) + offset);
  });

  test('a byte order mark is no obstacle', () => {
    expect(
      decodeEnvelope('\uFEFF{"specversion":"1.0","id":"a","source":"s","type":"t"}', 'orders')?.id,
    ).toBe('a');
  });

  test('binary mode, with the AMQP prefix in both spellings', () => {
    const headers = new Map([
      ['cloudEvents:specversion', '1.0'],
      ['cloudEvents_id', 'e1'],
      ['cloudEvents:source', '/shop'],
      ['cloudEvents:type', 'orders'],
      ['cloudEvents:subject', 's'],
      ['cloudEvents:partitionkey', 'k'],
      ['cloudEvents:time', '2026-01-01T00:00:00Z'],
      ['tenant', 'a'],
    ]);
    expect(fromCloudEvent(message({ id: 'broker', headers }), 'cloudEvents:')).toEqual({
      ...message({ id: 'e1' }),
      key: 'k',
      publishedAt: Date.UTC(2026, 0, 1),
      headers: new Map([
        ['ce-source', '/shop'],
        ['ce-subject', 's'],
        ['tenant', 'a'],
      ]),
    });
  });

  test.each([
    [
      'another version',
      { 'ce-specversion': '0.3', 'ce-id': 'a', 'ce-source': 's', 'ce-type': 't' },
    ],
    ['no id', { 'ce-specversion': '1.0', 'ce-source': 's', 'ce-type': 't' }],
    ['an empty source', { 'ce-specversion': '1.0', 'ce-id': 'a', 'ce-source': '', 'ce-type': 't' }],
    [
      'no time',
      { 'ce-specversion': '1.0', 'ce-id': 'a', 'ce-source': 's', 'ce-type': 't', 'ce-time': 'now' },
    ],
  ])('binary mode with %s is refused', (_what, headers) => {
    const given = message({ headers: new Map(Object.entries(headers)) });
    expect(codeOf(() => fromCloudEvent(given))).toBe('invalid-message');
  });

  test('messages that are no event stay as they are', () => {
    const plain = message({ headers: new Map([['ce-subject', 's']]) });
    expect(fromCloudEvent(plain)).toBe(plain);
    expect(fromCloudEvent(plain, '')).toBe(plain);
  });
});

describe('channels that ask for CloudEvents', () => {
  test('binary: attributes in headers, the body untouched', () => {
    const given = message({
      publishedAt: 0,
      headers: new Map([
        ['ce-subject', 'o-7'],
        ['tenant', 'a'],
      ]),
    });
    const event = toCloudEvent(
      given,
      { mode: 'binary', source: '/shop', type: 'placed' },
      'cloudEvents:',
    );
    expect(event).toEqual({
      ...given,
      headers: new Map([
        ['cloudEvents:specversion', '1.0'],
        ['cloudEvents:id', 'i1'],
        ['cloudEvents:source', '/shop'],
        ['cloudEvents:type', 'placed'],
        ['cloudEvents:time', '1970-01-01T00:00:00.000Z'],
        ['cloudEvents:subject', 'o-7'],
        ['tenant', 'a'],
      ]),
    });
  });

  test('structured: one JSON envelope with everything', () => {
    const headers = new Map([
      ['ce-subject', 'o-7'],
      ['ce-source', '/till'],
      ['tenant', 'a'],
    ]);
    const event = toCloudEvent(message({ key: 'k', headers }), {
      mode: 'structured',
      source: '/shop',
    });
    expect(event.contentType).toBe(structured);
    expect(event.headers.size).toBe(0);
    expect([event.id, event.key]).toEqual(['i1', 'k']);
    expect(parse(event.body as string)).toEqual({
      specversion: '1.0',
      id: 'i1',
      source: '/till',
      type: 'orders',
      datacontenttype: json,
      subject: 'o-7',
      partitionkey: 'k',
      imheaders: '{"tenant":"a"}',
      data: { n: 1 },
    });
  });

  test('a structured event is not wrapped again where there are no headers', () => {
    const event = toCloudEvent(message({ key: 'k' }), { mode: 'structured' });
    expect(encodeEnvelope(event)).toBe(event.body);
    expect(decodeEnvelope(encodeEnvelope({ ...event, id: 'other' }), 'orders')?.id).toBe('other');
    const more = { ...event, headers: new Map([['a', 'b']]) };
    expect(decodeEnvelope(encodeEnvelope(more), 'orders')?.headers).toEqual(more.headers);
    expect(encodeEnvelope(message({ contentType: structured, body: '{' }))).toContain(
      'data_base64',
    );
  });

  test.each(['binary', 'structured'] as const)(
    '%s comes back, with attributes and headers',
    (mode) => {
      const extras = fc.dictionary(fc.stringMatching(/^ce-[a-z0-9]{4,20}$/u), attributeText);
      const given = fc.tuple(anyMessage, extras).filter(([, more]) => !hasField(more));
      fc.assert(
        fc.property(given, fc.constantFrom('ce-', 'cloudEvents:'), ([plain, more], prefix) => {
          const headers = new Map([...plain.headers, ...Object.entries(more)]);
          for (const name of headers.keys()) fc.pre(!name.startsWith('cloudEvents'));
          const before = { ...plain, headers };
          const after = fromCloudEvent(toCloudEvent(before, { mode }, prefix), prefix);
          expect(essence(after)).toEqual(essence(before));
        }),
      );
    },
  );

  test('without a prefix, names of the specification cannot be told apart and are refused', () => {
    for (const name of ['subject', 'id', 'partitionkey']) {
      const given = message({ headers: new Map([[name, 'x']]) });
      expect(codeOf(() => toCloudEvent(given, { mode: 'binary' }, ''))).toBe('invalid-argument');
    }
    const given = message({
      headers: new Map([
        ['tenant', 'x'],
        ['ce-subject', 's'],
      ]),
    });
    expect(fromCloudEvent(toCloudEvent(given, { mode: 'binary' }, ''), '')).toEqual(given);
  });

  test.each([
    'id',
    'time',
    'specversion',
    'datacontenttype',
    'partitionkey',
    'data',
    'imheaders',
    'traceparent',
    '',
    'A',
    'a-b',
  ])('refuses the header ce-%s', (name) => {
    const given = message({ headers: new Map([[`ce-${name}`, 'x']]) });
    for (const mode of ['binary', 'structured'] as const) {
      expect(codeOf(() => toCloudEvent(given, { mode }))).toBe('invalid-argument');
    }
  });

  test.each([
    { mode: 'binary', source: '' },
    { mode: 'binary', source: 'not a uri' },
    { mode: 'structured', type: '' },
    { mode: 'structured', type: 'a\nb' },
  ] as const)('refuses the options %j', (options) => {
    expect(codeOf(() => toCloudEvent(message(), options))).toBe('invalid-argument');
  });

  test('refuses values that no attribute can have', () => {
    for (const [name, value] of [
      ['ce-subject', ''],
      ['ce-x', 'a\u0000'],
      ['ce-dataschema', 'a b'],
    ] as const) {
      const given = message({ headers: new Map([[name, value]]) });
      expect(codeOf(() => toCloudEvent(given, { mode: 'binary' }))).toBe('invalid-argument');
    }
    expect(codeOf(() => toCloudEvent(message({ id: '' }), { mode: 'binary' }))).toBe(
      'invalid-argument',
    );
    expect(codeOf(() => toCloudEvent(message({ publishedAt: 1e18 }), { mode: 'binary' }))).toBe(
      'invalid-argument',
    );
  });
});

const fields = ['ce-time', 'ce-data', 'ce-type', 'ce-source', 'ce-dataschema'];
const longFields = [
  'ce-specversion',
  'ce-datacontenttype',
  'ce-partitionkey',
  'ce-imkey',
  'ce-imheaders',
  'ce-traceparent',
  'ce-tracestate',
];

function hasField(headers: Record<string, string>): boolean {
  return [...fields, ...longFields].some((name) => name in headers);
}
