import type { Rule } from '../../src/index.ts';
import type { Transport } from '@intermodal/core';

/** Which of the transports in memory shows the defect. */
export type Ground =
  | 'queue'
  | 'log'
  | 'batched'
  | 'plain'
  | 'forgetful bridge'
  | 'bridge without heartbeat'
  | 'bridge with a careless process'
  | 'bridge with a lingering process';

interface DefectBase {
  readonly rule: Rule;
  /** What is wrong, as a sentence without a full stop. */
  readonly name: string;
  /** @defaultValue `queue` */
  readonly on?: Ground;
}

/** Text of core's source that is replaced before it is loaded. */
export interface Edit {
  readonly file: string;
  /** Must be there exactly once. */
  readonly search: string;
  readonly replace: string;
}

export interface SourceDefect extends DefectBase {
  readonly in: 'core' | 'codec';
  readonly edits: readonly Edit[];
}

export interface DriverDefect extends DefectBase {
  readonly in: 'driver';
  readonly wrap: (transport: Transport) => Transport;
}

/** One thing done wrong on purpose: a case of its rule must fail. */
export type Defect = SourceDefect | DriverDefect;

/** An edit as a tuple, the way the lists are written. */
export function edit(file: string, search: string, replace: string): Edit {
  return { file: `${file}.ts`, search, replace };
}
