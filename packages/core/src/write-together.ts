import type { Duplex } from 'node:stream';

// A larger one is not copied.
const maxSmallBytes = 16_384;
const maxTogetherBytes = 65_536;

/**
 * Has what is written to a socket in one turn leave as one buffer, for client libraries that write each frame by itself: a
 * system call for each is half of what a small message costs, and `cork` keeps a record of each. Order stays, and what
 * `write` returns still says whether to wait for `drain`.
 */
export function writeTogether(socket: Duplex): void {
  const write = socket.write.bind(socket) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const end = socket.end.bind(socket) as (...all: unknown[]) => Duplex;
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
    return !socket.writableNeedDrain;
  }

  Object.assign(socket, {
    write: writeLater,
    end(...all: unknown[]) {
      flush();
      return end(...all);
    },
  });
}
