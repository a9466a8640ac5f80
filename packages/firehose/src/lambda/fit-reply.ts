import type { TransformationOutput } from './event.ts';
import { failedOutput } from './output.ts';

/** A reply in the order of the records, and those whose data is not in it. */
export interface FittedReply {
  readonly outputs: readonly TransformationOutput[];
  readonly left: readonly { readonly index: number; readonly fitsAlone: boolean }[];
}

const envelopeBytes = '{"records":[]}'.length;

/** Takes as much as fits into the reply, first come first served, and leaves room to answer each of the others. */
export function fitReply(
  wanted: readonly TransformationOutput[],
  maxReplyBytes: number,
): FittedReply {
  const sizes = wanted.map(bytesOf);
  const least = wanted.map(({ recordId }, index) =>
    Math.min(sizes[index] ?? 0, bytesOf(failedOutput(recordId))),
  );
  let spare = maxReplyBytes - envelopeBytes - sum(least);
  const left: FittedReply['left'][number][] = [];
  const outputs = wanted.map((output, index) => {
    const bytes = sizes[index] ?? 0;
    const more = bytes - (least[index] ?? 0);
    if (more === 0 || more <= spare) {
      spare -= more;
      return output;
    }
    left.push({ index, fitsAlone: envelopeBytes + bytes <= maxReplyBytes });
    return failedOutput(output.recordId);
  });
  return { outputs, left };
}

/** With the comma behind it. Base64 needs no escapes, so that it is not gone through once more. */
function bytesOf({ data, ...rest }: TransformationOutput): number {
  const text = JSON.stringify(data === undefined ? rest : { ...rest, data: '' });
  return Buffer.byteLength(text) + (data?.length ?? 0) + 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
