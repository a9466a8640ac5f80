import type { Capabilities } from '@intermodal/core';
import type { Context } from './context.ts';
import type { FaultName } from './harness.ts';
import type { Rule } from './rules.ts';

/** The values of each capability with which a case makes sense. */
export type Claims = { readonly [K in keyof Capabilities]?: readonly Capabilities[K][] };

/**
 * Several members of a group hold messages at once. Where a window keeps the order of all keys, one member is served
 * at a time, and the others stand by.
 */
export const membersShare: Claims = {
  receive: [true],
  settle: ['message'],
  isolation: ['key', 'none'],
  members: [undefined],
};

/** Several members of a group may consume, whether they are served at once or one after another. */
export const severalMembers: Claims = { receive: [true], members: [undefined] };

/** What a harness must be able to do or know besides opening a broker. */
export type Need = FaultName | 'program' | 'messageBytes' | 'missingChannel';

/** One thing that the rules demand, as data: test runners and the command line run the same. */
export interface Case {
  /** A sentence that is true when the case passes; unique in the suite. */
  readonly name: string;
  readonly rules: readonly [Rule, ...Rule[]];
  /** Where the transport claims none of the values, its refusal is proved instead. @defaultValue `{ receive: [true] }` */
  readonly claims?: Claims;
  /** Where the harness lacks one, the case is reported as `not-run`. */
  readonly needs?: readonly Need[];
  run(context: Context): Promise<void>;
}

/** The name of a case with its rules, as reports show it. */
export function titleOf(what: Case): string {
  return `${what.rules.join(' ')} · ${what.name}`;
}
