import { describe, expect, test } from 'vitest';
import type { Transport } from './driver.ts';
import { IntermodalError } from './error.ts';
import { openTransport, type TransportFactory, type TransportLocation } from './open-transport.ts';

interface Opened {
  readonly transport: Transport;
  closed: number;
}

function opened(): Opened {
  const result: Opened = {
    closed: 0,
    transport: {
      name: 'test',
      capabilities: {} as Transport['capabilities'],
      openSender: async () => Promise.reject(new Error('not in this test')),
      check: async () => Promise.resolve(),
      close: async () => {
        result.closed += 1;
        return Promise.resolve();
      },
    },
  };
  return result;
}

/** A factory that reads what `read` reads. */
function reading(read: (location: TransportLocation) => unknown): TransportFactory {
  return (location) => {
    read(location);
    return opened().transport;
  };
}

async function seen<T>(url: string, read: (location: TransportLocation) => T): Promise<T> {
  let value: T | undefined;
  await openTransport(url, { amqp: reading((location) => (value = read(location))) });
  return value as T;
}

describe('openTransport', () => {
  test('gives what the factory of the scheme makes, at once or later', async () => {
    const { transport } = opened();
    await expect(openTransport('memory:', { memory: () => transport })).resolves.toBe(transport);
    await expect(
      openTransport('memory:', { memory: async () => Promise.resolve(transport) }),
    ).resolves.toBe(transport);
  });

  test('everything that the URL says can be read', async () => {
    const url = 'amqps://u:p@h:1/v?text=a&fifo&off=false&n=5&broker=rabbitmq';
    const read = await seen(
      url,
      ({ transport, tls, webSocket, hosts, credentials, path, ...parameters }) => ({
        parts: { transport, tls, webSocket, hosts, credentials, path },
        text: [parameters.text('text'), parameters.text('none')],
        flag: [parameters.flag('fifo'), parameters.flag('off'), parameters.flag('none')],
        number: [parameters.number('n'), parameters.number('none')],
        oneOf: [
          parameters.oneOf('broker', ['activemq', 'rabbitmq']),
          parameters.oneOf('none', ['a']),
        ],
      }),
    );
    expect(read).toEqual({
      parts: {
        transport: 'amqp',
        tls: true,
        webSocket: false,
        hosts: [{ host: 'h', port: 1 }],
        credentials: { username: 'u', password: 'p' },
        path: 'v',
      },
      text: ['a', undefined],
      flag: [true, false, undefined],
      number: [5, undefined],
      oneOf: ['rabbitmq', undefined],
    });
  });

  test('TLS by the scheme or the parameter, which must agree', async () => {
    await expect(seen('amqp:', ({ tls }) => tls)).resolves.toBe(false);
    await expect(seen('amqp:?tls', ({ tls }) => tls)).resolves.toBe(true);
    await expect(seen('amqps:?tls=true', ({ tls }) => tls)).resolves.toBe(true);
    await expect(seen('amqps:?tls=false', ({ tls }) => tls)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test.each([
    ['text', 'x', (location: TransportLocation) => location.text('x')],
    ['text', 'x=', (location: TransportLocation) => location.text('x')],
    ['flag', 'x=1', (location: TransportLocation) => location.flag('x')],
    ['number', 'x', (location: TransportLocation) => location.number('x')],
    ['number', 'x=-1', (location: TransportLocation) => location.number('x')],
    ['number', 'x=1e3', (location: TransportLocation) => location.number('x')],
    ['number', 'x=99999999999999999999', (location: TransportLocation) => location.number('x')],
    ['oneOf', 'x=b', (location: TransportLocation) => location.oneOf('x', ['a', 'c'])],
    ['oneOf', 'x', (location: TransportLocation) => location.oneOf('x', ['a', 'c'])],
  ])(
    'a wrong value for %s (%s) is refused by the name of the parameter',
    async (_kind, query, read) => {
      await expect(seen<unknown>(`amqp:?${query}`, read)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining("'x'") as unknown,
      });
    },
  );

  test.each([
    ['amqp:?regoin=x', "no use for the parameter 'regoin' of its URL; there are: fifo, region"],
    ['amqp://h', 'no use for a host in its URL'],
    ['amqp://u:p@', 'no use for a user and password in its URL'],
    ['amqp:///x', 'no use for a path in its URL'],
    ['amqps:', 'no use for TLS in its URL'],
    ['amqp:?tls', "no use for the parameter 'tls'"],
  ])(
    '%s: what the factory does not read is refused, and the transport closed',
    async (url, text) => {
      const result = opened();
      const amqp: TransportFactory = (location) => {
        location.text('region');
        location.flag('fifo');
        return result.transport;
      };
      await expect(openTransport(url, { amqp })).rejects.toThrow(text);
      expect(result.closed).toBe(1);
    },
  );

  test('a slash alone is no path, and nothing more is needed', async () => {
    await expect(
      openTransport('amqp:///', { amqp: () => opened().transport }),
    ).resolves.toBeDefined();
    await expect(openTransport('stomp+ws:', { stomp: () => opened().transport })).rejects.toThrow(
      /WebSocket/u,
    );
  });

  test('says which factories there are', async () => {
    const memory = (): Transport => opened().transport;
    await expect(openTransport('sqs:', { memory })).rejects.toThrow(
      "openTransport has no factory for 'sqs', as in openTransport(url, { sqs: … }); passed were: memory",
    );
    await expect(openTransport('constructor://', {})).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('an error of the factory is passed on', async () => {
    const ours = new IntermodalError('unsupported', 'fifo has no delay');
    const fail =
      (error: unknown): TransportFactory =>
      () => {
        throw error;
      };
    await expect(openTransport('amqp:', { amqp: fail(ours) })).rejects.toBe(ours);
    await expect(
      openTransport('amqp:', { amqp: fail(new Error('no such module')) }),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'Error: no such module',
    });
  });

  test.each([
    new Error('cannot use amqp://me:hunter%202@h'),
    new Error('outer', { cause: new Error('hunter 2') }),
    new IntermodalError('unavailable', 'hunter 2'),
    'hunter 2',
  ])('an error that quotes the password is left out', async (error) => {
    const amqp: TransportFactory = ({ credentials, hosts }) => {
      expect([credentials?.username, hosts.length]).toEqual(['me', 1]);
      throw error;
    };
    const failed = await openTransport('amqp://me:hunter%202@h', { amqp }).catch(
      (caught: unknown) => caught,
    );
    expect(IntermodalError.is(failed, 'invalid-argument')).toBe(true);
    expect((failed as Error).message).not.toContain('hunter');
    expect((failed as Error).cause).toBeUndefined();
  });
});
