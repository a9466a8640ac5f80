import type { WireMessage } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { type TopicForm, writeTopicEntry } from './message.ts';

const form: TopicForm = {
  service: 'sns',
  groups: 'plain',
  dedupe: 'by-id',
  maxMessageBytes: 262_144,
  place: "sns topic 'orders'",
};

function wire(changes: Partial<WireMessage> = {}): WireMessage {
  return { id: 'one', channel: 'orders', headers: new Map(), body: '{"n":1}', ...changes };
}

test('an entry is what the queue will hold, in the words of SNS', () => {
  const { entry, lane } = writeTopicEntry(wire({ key: 'k' }), { ...form, groups: 'fifo' });
  expect(entry).toEqual({
    Message: '{"n":1}',
    MessageAttributes: { imid: { DataType: 'String', StringValue: 'one' } },
    MessageGroupId: 'k',
    MessageDeduplicationId: 'one',
  });
  expect(lane).toBe('k');
});

test('never more than ten attributes: with eleven SNS discards the message on its way to the queue', () => {
  const headers = new Map(Array.from({ length: 30 }, (_, n) => [`header-${n}`, 'value'] as const));
  const { entry } = writeTopicEntry(wire({ key: 'k', publishedAt: 1, headers }), form);
  expect(Object.keys(entry.MessageAttributes ?? {})).toHaveLength(10);
  expect(entry.MessageAttributes).toHaveProperty('imheaders');
});

test('a subject is one line of at most 99 characters', () => {
  const withSubject = (subject: string): TopicForm => ({ ...form, subject: () => subject });
  const { entry } = writeTopicEntry(wire(), withSubject('New order'));
  expect(entry.Subject).toBe('New order');
  for (const bad of ['', 'x'.repeat(100), 'two\nlines', 'two\u2028lines']) {
    expect(() => writeTopicEntry(wire(), withSubject(bad))).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    );
  }
  expect(writeTopicEntry(wire(), { ...form, subject: () => undefined }).entry).not.toHaveProperty(
    'Subject',
  );
});

function typed(dataType: 'Number' | 'String.Array', value: string): unknown {
  const headers = new Map([['tag', value]]);
  const { entry } = writeTopicEntry(wire({ headers }), { ...form, dataTypes: { tag: dataType } });
  return entry.MessageAttributes?.['tag'];
}

test.each([
  ['Number', '12.5'],
  ['Number', '-3e2'],
  ['String.Array', '["a",1,true,null]'],
] as const)('a header can travel as %s: %s', (DataType, value) => {
  expect(typed(DataType, value)).toEqual({ DataType, StringValue: value });
});

test.each([
  ['Number', '12,5'],
  ['Number', ''],
  ['String.Array', '"a"'],
  ['String.Array', '[{"a":1}]'],
  ['String.Array', 'a'],
] as const)('and is refused as %s: %s', (dataType, value) => {
  expect(() => typed(dataType, value)).toThrow(/header 'tag' must be/);
});
