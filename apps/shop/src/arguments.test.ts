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
  ];
  const parsed = {
    transport: 'memory:',
    orders: 'a',
    state: 'b',
    patienceMs: 500,
    once: true,
    help: false,
  };
  expect(parseArguments(given)).toEqual(parsed);
  expect(parseArguments(['--', ...given])).toEqual(parsed);
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
])('%j is refused in a sentence', (args, text) => {
  expect(() => parseArguments(args)).toThrow(new Refusal(text));
});

test.each([
  [
    'kafka:',
    `There is no transport 'kafka' in this shop: it has memory:, amqp:, amqp1:, kinesis:, sqs:, stomp:.`,
  ],
  [
    'kafka://user:secret@host',
    `There is no transport 'kafka' in this shop: it has memory:, amqp:, amqp1:, kinesis:, sqs:, stomp:.`,
  ],
  [
    '',
    `There is no transport '' in this shop: it has memory:, amqp:, amqp1:, kinesis:, sqs:, stomp:.`,
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
