import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Transport } from '@intermodal/core';
import {
  IntermodalError,
  type Receiver,
  type Sender,
  type Settlement,
  type Token,
} from '@intermodal/core/driver';
import { systemClock } from '@intermodal/core';
import { type Calls, faultOf, type Reply, type Request } from './calls.ts';
import { onFrames, sendFrame } from './frames.ts';

/** A broker in a process of its own, as far as its clients can tell: they reach it by a socket. */
export interface BridgeServer {
  readonly port: number;
  cut(): void;
  restart(): Promise<void>;
  /** Connections that exist now stay open, and nothing that comes on them is heard or answered. */
  blackhole(): void;
  close(): Promise<void>;
}

export async function startServer(make: () => Transport): Promise<BridgeServer> {
  const sockets = new Map<Socket, { silent: boolean }>();
  let server = createServer(accept);
  const port = await listen(server, 0);

  function accept(socket: Socket): void {
    const state = { silent: false };
    const transport = make();
    sockets.set(socket, state);
    const calls = serve(transport);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      void transport.close();
    });
    onFrames(socket, (frame) => {
      if (state.silent) return;
      void answer(calls, frame as Request).then((reply) => {
        if (!state.silent && !socket.destroyed) sendFrame(socket, reply);
      });
    });
  }

  function cut(): void {
    for (const socket of [...sockets.keys()]) socket.resetAndDestroy();
  }

  async function stop(): Promise<void> {
    const stopped = new Promise((resolve) => server.close(resolve));
    cut();
    await stopped;
  }

  return {
    port,
    cut,
    close: stop,
    blackhole() {
      for (const state of sockets.values()) state.silent = true;
    },
    async restart() {
      await stop();
      server = createServer(accept);
      await listen(server, port);
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function answer(calls: Calls, { id, call, values }: Request): Promise<Reply> {
  try {
    const method = calls[call] as (...values: readonly unknown[]) => Promise<unknown>;
    return { id, value: await method(...values) };
  } catch (error) {
    return { id, fault: faultOf(error) };
  }
}

/** One connection: at most one sender or receiver, and what is asked of it. */
function serve(transport: Transport): Calls {
  const forEver = new AbortController().signal;
  const tokens = new Map<number, Token>();
  let stop = new AbortController();
  let tags = 0;
  let sender: Sender | undefined;
  let receiver: Receiver | undefined;

  function tokenOf(tag: number): Token {
    return tokens.get(tag) ?? { value: undefined };
  }

  return {
    async openSender(address) {
      sender = await transport.openSender(address, forEver);
      return sender.limits;
    },
    async openReceiver(address, options) {
      const all = { ...options, clock: systemClock, onLane: () => Promise.resolve() };
      receiver = await transport.openReceiver?.(address, all, forEver);
      if (receiver === undefined) throw new IntermodalError('unsupported', 'it only publishes');
      return receiver.limits;
    },
    async send(messages) {
      const open = sender;
      if (open === undefined) throw new IntermodalError('closed', 'there is no sender');
      const outcomes = await open.send(
        messages.map((message) => open.prepare(message)),
        forEver,
      );
      return outcomes.map((outcome) =>
        outcome.ok
          ? outcome
          : { ok: false, certainty: outcome.certainty, fault: faultOf(outcome.error) },
      );
    },
    async receive(max) {
      stop = new AbortController();
      const deliveries = (await receiver?.receive(max, stop.signal)) ?? [];
      return deliveries.map(({ token, ...delivery }) => {
        tags += 1;
        tokens.set(tags, token);
        return { ...delivery, native: undefined, tag: tags };
      });
    },
    stop() {
      stop.abort();
      return Promise.resolve();
    },
    async settle(batch) {
      const settlements = batch.map(({ tag, action, delayMs }): Settlement => {
        const token = tokenOf(tag);
        if (action === 'retry') return { token, action, delayMs, attempt: 1 };
        return { token, action };
      });
      const outcomes = (await receiver?.settle(settlements, forEver)) ?? [];
      return outcomes.map((outcome) =>
        typeof outcome === 'string' ? outcome : { fault: faultOf(outcome.failed) },
      );
    },
    async extend(tags, leaseMs) {
      const outcomes = (await receiver?.extend?.(tags.map(tokenOf), leaseMs, forEver)) ?? [];
      return outcomes.map((outcome) =>
        typeof outcome !== 'string' && 'failed' in outcome
          ? { fault: faultOf(outcome.failed) }
          : outcome,
      );
    },
    provision: async (address, plan) => transport.admin?.provision(address, plan, forEver),
    backlog: async (address) => transport.admin?.backlog?.(address, forEver),
    check: (address) => transport.check(address, forEver),
    ping: () => Promise.resolve(),
    async close() {
      stop.abort();
      await receiver?.close(forEver);
      await sender?.close();
    },
  };
}
