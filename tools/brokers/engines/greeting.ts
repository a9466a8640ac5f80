import { once } from 'node:events';
import { connect } from 'node:net';

/** The first bytes that a server at the address of a URL says by itself. */
export async function greetingOf(url: string): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [
      Buffer,
    ];
    return bytes;
  } finally {
    socket.destroy();
  }
}
