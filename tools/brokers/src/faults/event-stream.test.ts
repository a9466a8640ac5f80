import { expect, test } from 'vitest';
import { encodeEvent, eventOf, exceptionOf } from './event-stream.ts';

test('the known messages of the format are written', () => {
  expect(encodeEvent({}, '').toString('hex')).toBe('000000100000000005c248eb7d98c8ff');
  expect(encodeEvent({}, "{'foo':'bar'}").toString('hex')).toBe(
    '0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936',
  );
});

test('a message says what it is in its headers', () => {
  const event = eventOf('SubscribeToShardEvent', { Records: [] });
  expect(event.readUInt32BE(0)).toBe(event.length);
  const text = event.toString('latin1');
  expect(text).toContain('\r:message-type\u0007\u0000\u0005event');
  expect(text).toContain('{"Records":[]}');
  expect(exceptionOf('InternalFailureException').toString('latin1')).toContain(
    ':exception-type\u0007\u0000\u0018InternalFailureException',
  );
});
