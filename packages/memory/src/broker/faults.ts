import { IntermodalError } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';

/** How a send fails; where it is `unknown`, `stored` says what its sender cannot know. */
export type SendFailure =
  | { readonly certainty: 'rejected'; readonly error: IntermodalError }
  | { readonly certainty: 'unknown'; readonly error: IntermodalError; readonly stored: boolean };

/** What can go wrong on demand. Each does one thing: a crash under load is several of them. */
export interface MemoryFaults {
  /** The next `count` messages fail; those behind one in its batch are to be sent again, since a batch is ordered. */
  readonly failSends: (count: number, failure: SendFailure) => void;
  /**
   * Until the returned function is called: `sends` wait before the broker stores them, `confirms` after; `receives`
   * bring nothing.
   */
  readonly hold: (what: 'sends' | 'confirms' | 'receives') => () => void;
  /** Until the returned function is called, nothing opens. @defaultValue `unavailable` */
  readonly refuseConnections: (error?: IntermodalError) => () => void;
  /** Every connection dies: sends under way are `unknown`, deliveries come back. @defaultValue `unavailable` */
  cut(error?: IntermodalError): void;
  /** Cuts every connection and loses every message; channels and groups stay. */
  restart(): void;
  /** Every lease ends now; in log mode, every lane is stolen from its owner. */
  expireLeases(): void;
  /** The next `count` messages come twice: an ack is forgotten, or a log is read again. @defaultValue 1 */
  readonly duplicate: (count?: number) => void;
}

/** Holds back what comes to it while it is closed. */
export interface Gate {
  readonly closed: boolean;
  /** Called when it opens. */
  readonly waits: Set<() => void>;
  /** Returns what undoes it. */
  close(): () => void;
  /** Whether it opened before the connection, or the caller's patience, ended. */
  pass(signal: AbortSignal, connection: Connection): Promise<boolean>;
}

/** The faults that senders and receivers ask for. */
export interface FaultState extends Pick<
  MemoryFaults,
  'failSends' | 'hold' | 'refuseConnections' | 'duplicate'
> {
  readonly sends: Gate;
  readonly confirms: Gate;
  readonly receives: Gate;
  /** Why nothing opens. */
  readonly refusal: IntermodalError | undefined;
  nextSendFailure(): SendFailure | undefined;
  /** Whether this message is one to come twice. */
  nextIsDouble(): boolean;
}

export function createFaults(): FaultState {
  const gates = { sends: createGate(), confirms: createGate(), receives: createGate() };
  const failures: { left: number; readonly failure: SendFailure }[] = [];
  const refusals = new Set<{ readonly error: IntermodalError }>();
  let doubles = 0;
  return {
    ...gates,
    get refusal() {
      return [...refusals].at(-1)?.error;
    },
    nextSendFailure() {
      const next = failures[0];
      if (next === undefined) return undefined;
      next.left -= 1;
      if (next.left === 0) failures.shift();
      return next.failure;
    },
    nextIsDouble() {
      if (doubles === 0) return false;
      doubles -= 1;
      return true;
    },
    failSends(count, failure) {
      if (count > 0) failures.push({ left: count, failure });
    },
    hold: (what) => gates[what].close(),
    refuseConnections(error = unavailable('the broker takes no connection: try again later')) {
      const refusal = { error };
      refusals.add(refusal);
      return () => {
        refusals.delete(refusal);
      };
    },
    duplicate(count = 1) {
      doubles += count;
    },
  };
}

export function unavailable(text: string): IntermodalError {
  return new IntermodalError('unavailable', text, { transport: 'memory' });
}

function createGate(): Gate {
  const holds = new Set<object>();
  const waits = new Set<() => void>();
  return {
    get closed() {
      return holds.size > 0;
    },
    waits,
    close() {
      const hold = {};
      holds.add(hold);
      return () => {
        if (holds.delete(hold) && holds.size === 0) for (const wait of waits) wait();
      };
    },
    pass(signal, connection) {
      return new Promise((resolve) => {
        const leave = (passed: boolean): void => {
          waits.delete(onOpen);
          connection.waits.delete(onEnd);
          signal.removeEventListener('abort', onEnd);
          resolve(passed);
        };
        const onOpen = (): void => {
          leave(true);
        };
        const onEnd = (): void => {
          leave(false);
        };
        waits.add(onOpen);
        connection.waits.add(onEnd);
        signal.addEventListener('abort', onEnd);
      });
    },
  };
}
