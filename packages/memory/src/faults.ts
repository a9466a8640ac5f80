import { IntermodalError } from '@intermodal/core/driver';

/** How a send fails; where it is `unknown`, `stored` says what its sender cannot know. */
export type SendFailure =
  | { readonly certainty: 'rejected'; readonly error: IntermodalError }
  | { readonly certainty: 'unknown'; readonly error: IntermodalError; readonly stored: boolean };

/** What can go wrong on demand. Each does one thing: a crash under load is several of them. */
export interface MemoryFaults {
  /** The next `count` messages fail; a batch is ordered, so those behind a failed one are `rejected` to be sent again. */
  failSends(count: number, failure: SendFailure): void;
  /**
   * Until the returned function is called: `sends` wait before the broker stores them, `confirms` after; `receives`
   * bring nothing.
   */
  hold(what: 'sends' | 'confirms' | 'receives'): () => void;
  /** Until the returned function is called, nothing opens. @defaultValue `unavailable` */
  refuseConnections(error?: IntermodalError): () => void;
  /** Every connection dies: sends under way are `unknown`, deliveries come back. @defaultValue `unavailable` */
  cut(error?: IntermodalError): void;
  /** Cuts every connection and loses every message; channels and groups stay. */
  restart(): void;
  /** Every lease ends now; in log mode, every lane is stolen from its owner. */
  expireLeases(): void;
  /** The next `count` messages come twice: an ack is forgotten, or a log is read again. @defaultValue 1 */
  duplicate(count?: number): void;
}

/** Holds back what waits for it, while closed. */
export interface Gate {
  readonly closed: boolean;
  readonly waits: Set<() => void>;
  close(): () => void;
}

/** The faults that drivers ask for. */
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
  forgetsAck(): boolean;
}

export function createFaults(): FaultState {
  const gates = { sends: createGate(), confirms: createGate(), receives: createGate() };
  const failures: { left: number; readonly failure: SendFailure }[] = [];
  const refusals: IntermodalError[] = [];
  let duplicates = 0;
  return {
    ...gates,
    get refusal() {
      return refusals.at(-1);
    },
    nextSendFailure() {
      const next = failures[0];
      if (next === undefined) return undefined;
      next.left -= 1;
      if (next.left <= 0) failures.shift();
      return next.failure;
    },
    forgetsAck() {
      if (duplicates === 0) return false;
      duplicates -= 1;
      return true;
    },
    failSends(count, failure) {
      if (count > 0) failures.push({ left: count, failure });
    },
    hold: (what) => gates[what].close(),
    refuseConnections(error = unavailable('the broker refuses connections: try again later')) {
      refusals.push(error);
      return () => {
        const index = refusals.indexOf(error);
        if (index >= 0) refusals.splice(index, 1);
      };
    },
    duplicate(count = 1) {
      duplicates += count;
    },
  };
}

export function unavailable(text: string): IntermodalError {
  return new IntermodalError('unavailable', text, { transport: 'memory' });
}

function createGate(): Gate {
  let holds = 0;
  const waits = new Set<() => void>();
  return {
    get closed() {
      return holds > 0;
    },
    waits,
    close() {
      let mine = 1;
      holds += 1;
      return () => {
        holds -= mine;
        mine = 0;
        if (holds === 0) for (const wait of waits) wait();
      };
    },
  };
}
