import { connect, type Socket } from 'node:net';
import { IntermodalError } from '@intermodal/core/driver';
import { type CallName, type Calls, errorOf, type Reply } from './calls.ts';
import { onFrames, sendFrame } from './frames.ts';

const pingMs = 100;
const silenceMs = 500;

/** One connection's life. A peer that says nothing for a while, although it is asked, is taken for dead. */
export interface BridgeConnection {
  readonly dead: Promise<IntermodalError | undefined>;
  /** Whether it is dead already. */
  readonly over: boolean;
  call<N extends CallName>(name: N, ...values: Parameters<Calls[N]>): ReturnType<Calls[N]>;
  /** Ends it on purpose. */
  end(): void;
}

/** `off` is a defect: silence is not noticed then. */
export type Heartbeat = 'on' | 'off';

export async function openConnection(
  port: number,
  heartbeat: Heartbeat,
  signal: AbortSignal,
): Promise<BridgeConnection> {
  const socket = await connected(port, signal);
  const waiting = new Map<number, (reply: Reply | IntermodalError) => void>();
  let calls = 0;
  let heardAt = performance.now();
  let over: IntermodalError | undefined;
  let die: (error: IntermodalError | undefined) => void = () => undefined;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    die = resolve;
  });
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    lose(lost());
  });
  onFrames(socket, (frame) => {
    heardAt = performance.now();
    const reply = frame as Reply;
    waiting.get(reply.id)?.(reply);
  });
  const asking = setInterval(() => {
    if (heartbeat === 'off') return;
    if (performance.now() - heardAt > silenceMs) lose(lost());
    else call('ping').catch(() => undefined);
  }, pingMs);

  function lose(error: IntermodalError | undefined): void {
    if (over !== undefined) return;
    over = error ?? lost();
    clearInterval(asking);
    socket.destroy();
    for (const answer of waiting.values()) answer(over);
    waiting.clear();
    die(error);
  }

  function call<N extends CallName>(
    name: N,
    ...values: Parameters<Calls[N]>
  ): ReturnType<Calls[N]> {
    const id = (calls += 1);
    const answered = new Promise((resolve, reject) => {
      if (over !== undefined) {
        reject(over);
        return;
      }
      waiting.set(id, (reply) => {
        waiting.delete(id);
        if (IntermodalError.is(reply)) reject(reply);
        else if ('fault' in reply) reject(errorOf(reply.fault));
        else resolve(reply.value);
      });
      sendFrame(socket, { id, call: name, values });
    });
    return answered as ReturnType<Calls[N]>;
  }

  return {
    dead,
    get over() {
      return over !== undefined;
    },
    call,
    end: () => {
      lose(undefined);
    },
  };
}

function connected(port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const fail = (): void => {
      socket.destroy();
      reject(
        new IntermodalError('unavailable', 'the broker does not answer', { transport: 'bridge' }),
      );
    };
    signal.addEventListener('abort', fail, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', fail);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function lost(): IntermodalError {
  return new IntermodalError('unavailable', 'the connection was lost', { transport: 'bridge' });
}
