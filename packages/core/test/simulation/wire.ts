import { IntermodalError } from '../../src/error.ts';
import type { Process } from './event-loop.ts';
import type { Random } from './random.ts';
import type { ClientState } from './records.ts';
import type { World } from './world.ts';

/** One connection between a client and the broker, as the network sees it. */
export interface Wire {
  readonly name: string;
  readonly client: ClientState;
  readonly random: Random;
  /** Settles when the client knows that the connection is gone. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** The client's end: `open` until it was closed or the client noticed its death. */
  readonly open: boolean;
  /** Runs `action` at the broker some time later, unless the connection is cut by then. */
  toBroker(action: () => void, extraMs?: number): void;
  /** Runs `action` at the client some time later, unless the connection is cut by then. */
  toClient(action: () => void, extraMs?: number): void;
  /** An operation that always ends: by `answer`, or by `failure` when the signal aborts or the connection dies. */
  call<T>(
    signal: AbortSignal | undefined,
    failure: (error: IntermodalError) => T,
    start: (answer: (value: T) => void) => void,
  ): Promise<T>;
  /** Nothing passes any more; each end notices in its own time. */
  cut(clientMs: number, brokerMs: number): void;
  /** The client's process is gone. */
  crash(brokerMs: number): void;
  /** The client closed it in good order. */
  end(): void;
}

export interface WireOptions {
  readonly name: string;
  readonly client: ClientState;
  /** What is sent first arrives first, both ways. */
  readonly ordered: boolean;
  /** Nothing passes from here on. */
  readonly onCut: () => void;
  /** The broker knows that the connection is gone. */
  readonly onBrokerLoss: () => void;
  /** The client knows it. */
  readonly onClientLoss: (error: IntermodalError) => void;
}

export function createWire(world: World, options: WireOptions): Wire {
  const { loop } = world;
  const { client, name } = options;
  const random = world.random.fork(`wire ${name}`);
  const pending = new Set<(error: IntermodalError) => void>();
  let resolveDead: (error: IntermodalError | undefined) => void = () => undefined;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    resolveDead = resolve;
  });
  let open = true;
  let severed = false;
  let brokerKnows = false;
  let lastToBroker = 0;
  let lastToClient = 0;
  client.openConnections += 1;

  function shut(error: IntermodalError | undefined): void {
    if (!open) return;
    open = false;
    client.openConnections -= 1;
    const gone = error ?? new IntermodalError('closed', 'the connection was closed');
    for (const kill of pending) kill(gone);
    pending.clear();
    if (error !== undefined) options.onClientLoss(error);
    resolveDead(error);
  }

  function brokerLoses(afterMs: number): void {
    loop.after(world.broker, afterMs, () => {
      if (brokerKnows) return;
      brokerKnows = true;
      world.trace?.add(`broker noticed that ${name} is gone`);
      options.onBrokerLoss();
    });
  }

  function arrival(last: number, extraMs: number): number {
    const at = loop.now() + world.latency(random) + extraMs;
    return options.ordered ? Math.max(at, last) : at;
  }

  function travel(to: Process, at: number, action: () => void): void {
    loop.after(to, at - loop.now(), () => {
      if (!severed) action();
    });
  }

  return {
    name,
    client,
    random,
    dead,
    get open() {
      return open;
    },
    toBroker(action, extraMs = 0) {
      if (severed) return;
      lastToBroker = arrival(lastToBroker, extraMs);
      travel(world.broker, lastToBroker, action);
    },
    toClient(action, extraMs = 0) {
      if (severed) return;
      lastToClient = arrival(lastToClient, extraMs);
      travel(client.process, lastToClient, action);
    },
    call<T>(
      signal: AbortSignal | undefined,
      failure: (error: IntermodalError) => T,
      start: (answer: (value: T) => void) => void,
    ): Promise<T> {
      return new Promise((resolve) => {
        let ended = false;
        const answer = (value: T): void => {
          if (ended) return;
          ended = true;
          pending.delete(kill);
          signal?.removeEventListener('abort', onAbort);
          resolve(value);
        };
        const kill = (error: IntermodalError): void => {
          answer(failure(error));
        };
        const onAbort = (): void => {
          kill(IntermodalError.from(signal?.reason, { code: 'aborted' }));
        };
        if (!open) {
          kill(new IntermodalError('unavailable', `connection ${name} is gone`));
          return;
        }
        if (signal?.aborted === true) {
          onAbort();
          return;
        }
        pending.add(kill);
        signal?.addEventListener('abort', onAbort);
        start(answer);
      });
    },
    cut(clientMs, brokerMs) {
      if (severed || !open) return;
      severed = true;
      options.onCut();
      world.trace?.add(`cut ${name}`);
      loop.after(client.process, clientMs, () => {
        world.trace?.add(`client noticed that ${name} is gone`);
        shut(new IntermodalError('unavailable', `connection ${name} was reset`));
      });
      brokerLoses(brokerMs);
    },
    crash(brokerMs) {
      if (!open) return;
      open = false;
      // What is on its way to the broker may still arrive.
      if (random.chance(0.5)) severed = true;
      brokerLoses(brokerMs);
    },
    end() {
      brokerKnows = true;
      shut(undefined);
    },
  };
}
