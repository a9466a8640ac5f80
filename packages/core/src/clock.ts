/** Time as core and drivers see it; tests pass one that they move themselves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once, not before `delayMs` have passed; returns what cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Uniform in [0, 1): jitter for back-off. */
  random(): number;
}

/** The system's time; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  random: Math.random,
};
