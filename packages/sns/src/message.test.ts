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

test.each([
  ['Number', '12.5', true],
  ['Number', '-3e2', true],
  ['Number', '12,5', false],
  ['Number', '', false],
  ['String.Array', '["a",1,true,null]', true],
  ['String.Array', '"a"', false],
  ['String.Array', '[{"a":1}]', false],
  ['String.Array', 'a', false],
] as const)('as %s, %s is taken: %s', (type, value, isTaken) => {
  const typed = { ...form, dataTypes: { tag: type } };
  const write = (): unknown => writeTopicEntry(wire({ headers: new Map([['tag', value]]) }), typed);
  if (isTaken) {
    expect(write()).toMatchObject({
      entry: { MessageAttributes: { tag: { DataType: type, StringValue: value } } },
    });
  } else expect(write).toThrow(/header 'tag' must be/);
});
