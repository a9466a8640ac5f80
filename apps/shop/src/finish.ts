/** `gave-up`: nothing happened any more, and something was still missing. */
type Reason =
  | { readonly kind: 'complete' | 'interrupted' | 'gave-up' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Why a run is over, and after how long. */
export type Ending = Reason & { readonly seconds: number };

/** Asked to stop: first gently, so that what was placed still goes through; then at once. */
export interface Interrupt {
  readonly gently: AbortSignal;
  readonly atOnce: AbortSignal;
}

export interface FinishOptions {
  readonly interrupt: Interrupt;
  readonly patienceMs: number;
  /** Whether every message that is to be handled was. */
  readonly isThrough: () => boolean;
}

/** Decides when a run is over; the first reason counts. */
export interface Finish {
  readonly ended: Promise<Ending>;
  /** From now on silence counts: what the broker took to make the channels was none. */
  readonly begin: () => void;
  /** Something happened. */
  readonly touch: () => void;
  /** Nothing more will be placed. */
  readonly placed: () => void;
  readonly fail: (error: unknown) => void;
  /** Stops waiting for something to happen. */
  readonly cancel: () => void;
}

export function createFinish({ interrupt, patienceMs, isThrough }: FinishOptions): Finish {
  const { gently, atOnce } = interrupt;
  const startedAt = performance.now();
  let lastAt = startedAt;
  let allPlaced: Reason | undefined;
  let end!: (reason: Reason) => void;
  const ended = new Promise<Ending>((resolve) => {
    end = (reason) => {
      resolve({ ...reason, seconds: (performance.now() - startedAt) / 1_000 });
    };
  });
  let timer: NodeJS.Timeout | undefined;

  function interrupted(): void {
    end({ kind: 'interrupted' });
  }

  function touch(): void {
    lastAt = performance.now();
    if (allPlaced !== undefined && isThrough()) end(allPlaced);
  }

  if (atOnce.aborted) interrupted();
  atOnce.addEventListener('abort', interrupted, { once: true });
  return {
    ended,
    begin() {
      lastAt = performance.now();
      // A plain timer, since it also keeps the process alive while nothing but the broker is awaited.
      timer = setInterval(
        () => {
          if (performance.now() - lastAt > patienceMs) end({ kind: 'gave-up' });
        },
        Math.min(patienceMs, 250),
      );
    },
    touch,
    placed() {
      allPlaced = { kind: gently.aborted ? 'interrupted' : 'complete' };
      touch();
    },
    fail(error) {
      end({ kind: 'failed', error });
    },
    cancel() {
      clearInterval(timer);
      atOnce.removeEventListener('abort', interrupted);
    },
  };
}
