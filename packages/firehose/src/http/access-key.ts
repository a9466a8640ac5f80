import { createHash, timingSafeEqual } from 'node:crypto';
import { invalid } from '../options.ts';

/** Whether a key that was sent is one of those that are right. */
export type KeyCheck = (given: string | null) => boolean;

const maxKeyBytes = 4_096;

/** Takes as long for any key of a length, however much of it is right. @throws `invalid-argument` */
export function createKeyCheck(accessKey: string | readonly string[]): KeyCheck {
  const keys = typeof accessKey === 'string' ? [accessKey] : accessKey;
  if (keys.length === 0) throw invalid('accessKey is empty: without one anybody could deliver');
  const right = keys.map((key) => {
    // Spaces at its ends would not survive a header.
    if (key !== '' && key === key.trim() && Buffer.byteLength(key) <= maxKeyBytes)
      return digest(key);
    throw invalid(`an accessKey has 1 to ${maxKeyBytes} bytes, and no blanks around it`);
  });
  return (given) => {
    const asked = digest(given ?? '');
    let isRight = false;
    for (const one of right) {
      const isThis = timingSafeEqual(one, asked);
      isRight ||= isThis;
    }
    return isRight;
  };
}

function digest(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}
