import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type * as errors from './error.ts';
import { type ErrorCode, IntermodalError, Rejection } from './error.ts';

type Copy = typeof errors;

/** The same module again, as a second installed copy of the package would be. */
async function secondCopy(): Promise<Copy> {
  const specifier = './error.ts?second';
  return (await import(/* @vite-ignore */ specifier)) as Copy;
}

describe('IntermodalError', () => {
  test('says what, where and whether to try again', () => {
    const cause = new Error('native');
    const error = new IntermodalError('throttled', 'slow down', {
      transport: 'sqs',
      address: 'orders',
      cause,
    });
    expect(error).toMatchObject({
      name: 'IntermodalError',
      message: 'slow down',
      code: 'throttled',
      retryable: true,
      transport: 'sqs',
      address: 'orders',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('IntermodalError: slow down');
    expect('cause' in new IntermodalError('closed', 'over')).toBe(false);
  });

  test.each<readonly [ErrorCode, boolean]>([
    ['throttled', true],
    ['unavailable', true],
    ['unknown', true],
    ['timeout', false],
    ['not-found', false],
    ['permission-denied', false],
    ['unknown-outcome', false],
  ])('%s may be tried again: %s, unless it says otherwise', (code, retryable) => {
    expect(new IntermodalError(code, '').retryable).toBe(retryable);
    expect(new IntermodalError(code, '', { retryable: !retryable }).retryable).toBe(!retryable);
  });

  test('is told by its brand and its code', () => {
    const error = new IntermodalError('closed', 'over');
    expect(IntermodalError.is(error)).toBe(true);
    expect(IntermodalError.is(error, 'closed')).toBe(true);
    expect(IntermodalError.is(error, 'aborted')).toBe(false);
    for (const other of [new Error('x'), { code: 'closed' }, undefined, null, 'closed', 5]) {
      expect(IntermodalError.is(other)).toBe(false);
      expect(other instanceof IntermodalError).toBe(false);
    }
  });

  test('two copies know each other’s', async () => {
    const second = await secondCopy();
    expect(second.IntermodalError).not.toBe(IntermodalError);
    const theirs = new second.IntermodalError('closed', 'over');
    const ours = new IntermodalError('closed', 'over');
    expect(theirs).toBeInstanceOf(IntermodalError);
    expect(ours).toBeInstanceOf(second.IntermodalError);
    expect(IntermodalError.is(theirs, 'closed')).toBe(true);
    expect(IntermodalError.from(theirs)).toBe(theirs);
    expect(new second.Rejection('no')).toBeInstanceOf(Rejection);
    expect(new second.Rejection('no')).not.toBeInstanceOf(IntermodalError);
  });

  test('from keeps ours and wraps everything else', () => {
    const ours = new IntermodalError('closed', 'over');
    expect(IntermodalError.from(ours, { code: 'timeout' })).toBe(ours);
    const native = new RangeError('too much');
    expect(IntermodalError.from(native, { transport: 'sqs' })).toMatchObject({
      code: 'unknown',
      message: 'RangeError: too much',
      transport: 'sqs',
      cause: native,
    });
    expect(IntermodalError.from(native, { code: 'unavailable' }).retryable).toBe(true);
  });

  test('from never quotes a value that is no Error, and never fails', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        const error = IntermodalError.from(value);
        expect(error.message).toBe('a value that is not an Error was thrown');
        expect(error.cause).toBe(value);
      }),
    );
  });

  test('as JSON, in a log line for instance, it says nothing of its cause', () => {
    const cause = Object.assign(new Error('hunter2'), { body: 'hunter2' });
    const line = JSON.stringify(new IntermodalError('rejected', 'refused', { cause }));
    expect(line).not.toContain('hunter2');
    expect(JSON.parse(line)).toMatchObject({ code: 'rejected' });
    expect(inspect(new IntermodalError('rejected', 'refused'))).not.toContain('Symbol');
  });
});

describe('Rejection', () => {
  test('has its reason and is told by its brand', () => {
    const cause = new Error('why');
    const rejection = new Rejection('no such customer', { cause });
    expect(rejection).toMatchObject({
      name: 'Rejection',
      reason: 'no such customer',
      message: 'no such customer',
      cause,
    });
    expect(rejection).toBeInstanceOf(Rejection);
    expect(new Error('no') instanceof Rejection).toBe(false);
    expect(rejection instanceof IntermodalError).toBe(false);
  });
});
