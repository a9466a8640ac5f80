import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/support/code-of.ts';
import { parseTransportUrl } from './transport-url.ts';

describe('parseTransportUrl', () => {
  test('every part', () => {
    const url =
      'amqps://us%40er:p%3A%2Fw@a.example:5671,[::1]:5672,b/my%2Fhost?region=eu-west-1&fifo&x=a+b%26';
    expect(parseTransportUrl(url)).toEqual({
      transport: 'amqp',
      tls: true,
      webSocket: false,
      hosts: [
        { host: 'a.example', port: 5671 },
        { host: '::1', port: 5672 },
        { host: 'b', port: undefined },
      ],
      credentials: { username: 'us@er', password: 'p:/w' },
      path: 'my/host',
      parameters: new Map([
        ['region', 'eu-west-1'],
        ['fifo', undefined],
        ['x', 'a+b&'],
      ]),
    });
  });

  test.each([
    ['memory:', [], undefined],
    ['memory://', [], undefined],
    ['SQS:?region=x', [], undefined],
    ['amqp:///', [], ''],
    ['amqp:///%2F', [], '/'],
    ['amqp://h/', [{ host: 'h', port: undefined }], ''],
    ['amqp://:5673', [{ host: 'localhost', port: 5673 }], undefined],
    ['mqtt+ws://h:80/a/b', [{ host: 'h', port: 80 }], 'a/b'],
    ['amqp://münchen.example:', [{ host: 'münchen.example', port: undefined }], undefined],
    ['amqp://[fe80::1%25eth0]', [{ host: 'fe80::1%eth0', port: undefined }], undefined],
  ])('%s', (url, hosts, path) => {
    expect(parseTransportUrl(url)).toMatchObject({ hosts, path });
  });

  test.each([
    ['amqp', 'amqp', false, false],
    ['amqp1', 'amqp1', false, false],
    ['amqp1+tls', 'amqp1', true, false],
    ['mqtts', 'mqtt', true, false],
    ['mqtt+ws', 'mqtt', false, true],
    ['mqtt+wss', 'mqtt', true, true],
    ['stomp+ssl', 'stomp', true, false],
    ['stomp+ws', 'stomp', false, true],
    ['stomp+wss', 'stomp', true, true],
    ['other+tls', 'other', true, false],
    ['others', 'others', false, false],
  ])('the scheme %s', (scheme, transport, tls, webSocket) => {
    expect(parseTransportUrl(`${scheme}://h`)).toMatchObject({ transport, tls, webSocket });
  });

  test.each([
    ['user:@h', { username: 'user', password: '' }],
    ['user@h', { username: 'user', password: undefined }],
    ['@h', { username: '', password: undefined }],
    [':p:w@', { username: '', password: 'p:w' }],
  ])('credentials in %s', (authority, credentials) => {
    expect(parseTransportUrl(`amqp://${authority}`).credentials).toEqual(credentials);
  });

  test.each([
    '',
    'amqp',
    'amqp:host',
    '://h',
    '1a://h',
    'sqs+ws://h',
    'stomp+tls://h',
    'stomp+://h',
    'amqp://h#x',
    'amqp://h,,i',
    'amqp://h,',
    'amqp://h:0',
    'amqp://h:65536',
    'amqp://h:1:2',
    'amqp://a b',
    'amqp://::1',
    'amqp://[1.2.3.4]',
    'amqp://[::1',
    'amqp://h?a=1&a=2',
    'amqp://h?=1',
    'amqp://h?a%20b=1',
    'amqp://h?__proto__=1',
    'amqp://%E0%A4%A@h',
    'amqp://h/%',
  ])('refuses %j', (url) => {
    expect(codeOf(() => parseTransportUrl(url))).toBe('invalid-argument');
  });

  test.each([undefined, null, 5, {}, new URL('amqp://h')])(
    'refuses what is no string: %s',
    (url) => {
      expect(codeOf(() => parseTransportUrl(url as string))).toBe('invalid-argument');
    },
  );

  test.each([
    'open/hunter2',
    'open?hunter2',
    'open#hunter2',
    'open@hunter2',
    'open%hunter2',
    'hunter2?x=1',
  ])('never quotes the badly written password %s, and says how to write it', (password) => {
    const parse = (): unknown => parseTransportUrl(`amqp://user:${password}@host:5672/x?y=1`);
    expect(parse).toThrow(/%40|%25/u);
    expect(parse).not.toThrow(/hunter2|open/u);
  });

  test('reads what it wrote', () => {
    const label = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/u);
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    const host = fc.record({ host: fc.oneof(label, fc.ipV4(), fc.ipV6()), port });
    const anyText = fc.string({ unit: 'grapheme' });
    const url = fc.record({
      hosts: fc.array(host, { maxLength: 4 }),
      credentials: fc.option(
        fc.record({ username: anyText, password: fc.option(anyText, { nil: undefined }) }),
        { nil: undefined },
      ),
      path: fc.option(anyText, { nil: undefined }),
      parameters: fc
        .array(
          fc.tuple(
            fc.stringMatching(/^[a-z][a-z0-9_.-]{0,10}$/u),
            fc.option(anyText, { nil: undefined }),
          ),
        )
        .map((entries) => new Map(entries)),
    });
    fc.assert(
      fc.property(url, (parts) => {
        expect(parseTransportUrl(written(parts))).toEqual({
          transport: 'stomp',
          tls: true,
          webSocket: true,
          ...parts,
        });
      }),
      { numRuns: 500 },
    );
  });

  test('throws nothing but invalid-argument on any text', () => {
    const pieces = [
      'amqp',
      ':',
      '//',
      '@',
      '[',
      ']',
      '::1',
      ',',
      '/',
      '?',
      '&',
      '=',
      '%',
      '%40',
      '#',
      'a',
      '7',
      '+ws',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...pieces)).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (url) => {
        expect(['none', 'invalid-argument']).toContain(codeOf(() => parseTransportUrl(url)));
      }),
      { numRuns: 1_000 },
    );
  });
});

interface Parts {
  readonly hosts: readonly { readonly host: string; readonly port: number | undefined }[];
  readonly credentials:
    | { readonly username: string; readonly password: string | undefined }
    | undefined;
  readonly path: string | undefined;
  readonly parameters: ReadonlyMap<string, string | undefined>;
}

function written({ hosts, credentials, path, parameters }: Parts): string {
  const userinfo =
    credentials === undefined
      ? ''
      : `${[credentials.username, credentials.password]
          .filter((text) => text !== undefined)
          .map(encodeURIComponent)
          .join(':')}@`;
  const places = hosts.map(({ host, port }) => {
    const name = host.includes(':') ? `[${host}]` : host;
    return port === undefined ? name : `${name}:${port}`;
  });
  const query = [...parameters].map(([name, value]) =>
    value === undefined ? name : `${name}=${encodeURIComponent(value)}`,
  );
  const tail = path === undefined ? '' : `/${encodeURIComponent(path)}`;
  return `stomp+wss://${userinfo}${places.join(',')}${tail}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}
