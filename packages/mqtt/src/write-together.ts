import type { Writable } from 'node:stream';

/** Has what is written in one turn go out by one system call. */
export function writeTogether(
  stream: Pick<Writable, 'cork' | 'uncork' | 'write'>,
): (bytes: Buffer) => void {
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  return (bytes) => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    stream.write(bytes);
  };
}
