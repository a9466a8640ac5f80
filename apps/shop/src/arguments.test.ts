import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { Refusal } from './refusal.ts';
import { transportOf } from './transport.ts';

test('without any option everything is left to its default', () => {
  expect(parseArguments([])).toEqual({
    transport: undefined,
    orders: undefined,
    state: undefined,
    patienceMs: undefined,
    once: false,
    swap: [],
    count: undefined,
    host: undefined,
    port: undefined,
    help: false,
  });
});

test('every option is taken, after the -- that some package managers leave in place too', () => {
  const given = [
    '--transport',
    'memory:',
    '--orders=a',
    '--state',
    'b',
    '--patience',
    '0.5',
    '--once',
    '--host=::1',
    '--port=0',
  ];
  const parsed = {
    transport: 'memory:',
    orders: 'a',
    state: 'b',
    patienceMs: 500,
    once: true,
    swap: [],
    count: undefined,
    host: '::1',
    port: 0,
    help: false,
  };
  expect(parseArguments(given)).toEqual(parsed);
  expect(parseArguments(['--', ...given])).toEqual(parsed);
});

test('a journey is the transports in their order, and as many orders as asked for', () => {
  const given = ['--once', '--swap=fauxqs', '--swap', 'memory', '--count', '10'];
  expect(parseArguments(given)).toMatchObject({ swap: ['fauxqs', 'memory'], count: 10 });
});

test.each([
  [['--nope'], `Unknown option '--nope': --help lists the options.`],
  [['-x'], `Unknown option '-x': --help lists the options.`],
  [['file.jsonl'], `Unexpected argument 'file.jsonl': --help lists the options.`],
  [['--orders'], '--orders needs a value: --help lists the options.'],
  [['--orders', '--once'], '--orders needs a value: --help lists the options.'],
  [['--once=yes'], '--once takes no value: --help lists the options.'],
  [['--patience', 'long'], `--patience takes a number of seconds above 0, not 'long'.`],
  [['--patience', '0'], `--patience takes a number of seconds above 0, not '0'.`],
  [['--port', '65536'], `--port takes a whole number up to 65535, not '65536'.`],
  [['--once', '--count', 'few'], `--count takes a whole number up to 10000000, not 'few'.`],
  [['--swap', 'memory'], '--swap and --count go with --once: the page swaps by a click.'],
  [['--count', '5'], '--swap and --count go with --once: the page swaps by a click.'],
  [
    ['--once', '--swap', 'memory', '--state', 'a'],
    '--state keeps the ledger of one transport, so it does not go with --swap.',
  ],
  [
    ['--once', '--count', '5', '--orders', 'a'],
    '--count makes orders, so it does not go with --orders.',
  ],
])('%j is refused in a sentence', (args, text) => {
  expect(() => parseArguments(args)).toThrow(new Refusal(text));
});

test.each([
  [
    'kafka:',
    `There is no transport 'kafka' in this shop: it has memory:, amqp:, amqp1:, firehose:, kinesis:, sns:, mqtt:, sqs:, stomp:.`,
  ],
  [
    'kafka://user:secret@host',
    `There is no transport 'kafka' in this shop: it has memory:, amqp:, amqp1:, firehose:, kinesis:, sns:, mqtt:, sqs:, stomp:.`,
  ],
  [
    '',
    `There is no transport '' in this shop: it has memory:, amqp:, amqp1:, firehose:, kinesis:, sns:, mqtt:, sqs:, stomp:.`,
  ],
])('the transport %j is refused in a sentence', async (url, text) => {
  await expect(transportOf(url)).rejects.toThrow(new Refusal(text));
});

test.each([
  'memory:?shards=many',
  'memory:?colour=red',
  'memory://host',
  'memory+ws:',
  'sqs:?colour=red',
])('what %j has too much or wrong is refused', async (url) => {
  await expect(transportOf(url)).rejects.toBeInstanceOf(Refusal);
});

test.each([
  ['memory', 'message'],
  ['memory:', 'message'],
  ['memory:?shards=2', 'watermark'],
  ['sqs://key:secret@127.0.0.1:4566/?fifo', 'message'],
])('%j is a transport', async (url, settle) => {
  const transport = await transportOf(url);
  expect(transport.capabilities.settle).toBe(settle);
});
