import assert from 'node:assert/strict';
import { type ErrorCode, IntermodalError } from '@intermodal/core';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';

/** The error, which must be an `IntermodalError` with one of the codes. */
export async function rejectsWith(
  what: string,
  promise: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<IntermodalError> {
  const wanted = codes.join(' or ');
  try {
    await promise;
  } catch (error) {
    assertCode(what, error, ...codes);
    return error;
  }
  return assert.fail(`${what} resolved, and must reject with ${wanted}`);
}

export function assertCode(
  what: string,
  error: unknown,
  ...codes: readonly ErrorCode[]
): asserts error is IntermodalError {
  const wanted = codes.join(' or ');
  if (!IntermodalError.is(error)) {
    assert.fail(`${what} must fail with ${wanted}, and failed with ${String(error)}`);
  }
  assert.ok(
    codes.includes(error.code),
    `${what} must fail with ${wanted}, and failed with ${error.code}: ${error.message}`,
  );
}

/** Each of the ids is seen, nothing else is, and where nothing may repeat without a fault, each only once. */
export async function eachOnce(
  context: Context,
  journal: Journal,
  ids: readonly string[],
): Promise<void> {
  await journal.covers(ids);
  const known = new Set(ids);
  const strangers = (): string[] => journal.ids().filter((id) => !known.has(id));
  await context.never('a message came from nowhere', () => strangers().length > 0);
  if (context.capabilities.duplicates === 'possible') {
    const repeats = journal.seen.length - journal.ids().length;
    if (repeats > 0)
      context.note(`${String(repeats)} of ${String(ids.length)} came more than once`);
    return;
  }
  assert.deepEqual(journal.repeated(), [], 'these were delivered more than once without a fault');
}

/** `count` numbers from 0. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A promise that the case resolves when it likes. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What was published, or nothing where it was refused with one of the codes; anything else fails. */
export async function acceptedOrRefused<T>(
  what: string,
  promise: Promise<T>,
  ...codes: readonly ErrorCode[]
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    assertCode(what, error, ...codes);
    return undefined;
  }
}
