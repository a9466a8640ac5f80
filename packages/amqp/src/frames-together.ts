import { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

// A larger one is not copied.
const maxSmallBytes = 16_384;
const maxTogetherBytes = 65_536;

/**
 * Has the frames of one turn written as one buffer: amqplib takes a system call for each, which is half of what a small
 * message costs, and Node's own `cork` still keeps a record of each. Its socket is private, so a version that keeps it
 * elsewhere is left as it is; a test says so.
 */
export function writeTogether({ connection }: ChannelModel): boolean {
  const { stream } = connection as { readonly stream?: unknown };
  if (!(stream instanceof Duplex)) return false;
  together(stream);
  return true;
}

function together(stream: Duplex): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const end = stream.end.bind(stream) as (...all: unknown[]) => Duplex;
  let chunks: Buffer[] = [];
  let bytes = 0;

  function flush(): void {
    if (chunks.length === 0) return;
    const chunk = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes);
    chunks = [];
    bytes = 0;
    write(chunk);
  }

  function writeLater(chunk: unknown, ...rest: unknown[]): boolean {
    if (!Buffer.isBuffer(chunk) || chunk.length > maxSmallBytes || rest.length > 0) {
      flush();
      return write(chunk, ...rest);
    }
    chunks.push(chunk);
    bytes += chunk.length;
    if (chunks.length === 1) process.nextTick(flush);
    if (bytes >= maxTogetherBytes) flush();
    // Then `drain` is on its way.
    return !stream.writableNeedDrain;
  }

  Object.assign(stream, {
    write: writeLater,
    end(...all: unknown[]) {
      flush();
      return end(...all);
    },
  });
}
