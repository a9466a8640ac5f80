import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Surroundings } from '../bench.ts';

const program = fileURLToPath(new URL('canned-process.ts', import.meta.url));

/** A server in a process of its own that answers everything at once. */
export async function cannedServer(): Promise<Surroundings> {
  const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    address: String(port),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

export interface Counts {
  readonly acked: number;
  readonly sent: number;
}

/** Puts so many messages into the queue. */
export async function fill(address: string, messages: number): Promise<void> {
  await ask(address, `FILL\ncount:${messages}\nreceipt:f\n\n\0`);
}

export async function countsOf(address: string): Promise<Counts> {
  const answer = await ask(address, 'COUNTS\n\n\0');
  const count = (name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(answer)?.[1]);
  return { acked: count('acked'), sent: count('sent') };
}

async function ask(address: string, frame: string): Promise<string> {
  const socket = connect(Number(address), '127.0.0.1');
  socket.write(frame);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString();
}
