import { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

type Write = (...all: readonly unknown[]) => boolean;

/**
 * Has the frames of one turn written by one system call: amqplib takes one for each, which is half of what a small message
 * costs. Its socket is private, so a version that keeps it elsewhere is left as it is; a test says so.
 */
export function writeTogether({ connection }: ChannelModel): boolean {
  const { stream } = connection as { readonly stream?: unknown };
  if (!(stream instanceof Duplex)) return false;
  const write = stream.write.bind(stream) as Write;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  const together: Write = (...all) => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(...all);
  };
  stream.write = together as typeof stream.write;
  return true;
}
