import { bodyBytes } from '@intermodal/core/driver';
import type { TransformationOutput } from './event.ts';
import type { Transformed } from './options.ts';

/** The longest of the answers that hold nothing. */
export function failedOutput(recordId: string): TransformationOutput {
  return { recordId, result: 'ProcessingFailed' };
}

interface Given {
  readonly result?: unknown;
  readonly data?: unknown;
  readonly partitionKeys?: Readonly<Record<string, string>>;
}

/** Undefined where a program without types returned something else than a result. */
export function outputOf(
  recordId: string,
  transformed: Transformed,
  delimiter: string,
): TransformationOutput | undefined {
  const { result, data, partitionKeys }: Given = transformed;
  if (result === 'Dropped' || result === 'ProcessingFailed') return { recordId, result };
  if (result !== 'Ok' || !(typeof data === 'string' || data instanceof Uint8Array))
    return undefined;
  const output = { recordId, result, data: base64Of(data, delimiter) } as const;
  if (partitionKeys === undefined) return output;
  const isText = Object.values(partitionKeys).every((value) => typeof value === 'string');
  return isText ? { ...output, metadata: { partitionKeys: { ...partitionKeys } } } : undefined;
}

function base64Of(data: string | Uint8Array, delimiter: string): string {
  return Buffer.concat([bodyBytes(data), bodyBytes(delimiter)]).toString('base64');
}
