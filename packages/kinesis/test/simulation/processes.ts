import type { Clock } from '@intermodal/core/driver';
import type { Random } from './random.ts';

/** A process of the simulation: it can stand still for a while, as in a long garbage collection, or for ever. */
export interface Process {
  /** Its own idea of time: off by any amount, and too fast or too slow, a little or a lot. */
  readonly clock: Clock;
  readonly alive: boolean;
  /** Hands it something from outside, now or when it goes on; never, if it is dead. */
  tell(event: () => void): void;
  pause(): void;
  resume(): void;
  crash(): void;
}

export function createProcess(world: Clock, random: Random, skew: 'little' | 'any'): Process {
  const offsetMs = random.between(-86_400_000, 86_400_000);
  const width = skew === 'any' && random.chance(0.3) ? 1 : 0.06;
  const rate = 1 - width / 2 + random.next() * width;
  let state: 'runs' | 'paused' | 'dead' = 'runs';
  let waiting: (() => void)[] = [];

  function tell(event: () => void): void {
    if (state === 'runs') event();
    else if (state === 'paused') waiting.push(event);
  }

  return {
    clock: {
      now: () => world.now() * rate + offsetMs,
      random: () => random.next(),
      setTimer(callback, delayMs) {
        let over = false;
        const due = (): void => {
          if (over) return;
          over = true;
          callback();
        };
        const cancel = world.setTimer(() => {
          tell(due);
        }, delayMs / rate);
        return () => {
          over = true;
          cancel();
        };
      },
    },
    get alive() {
      return state !== 'dead';
    },
    tell,
    pause() {
      if (state === 'runs') state = 'paused';
    },
    resume() {
      if (state !== 'paused') return;
      state = 'runs';
      for (const event of waiting.splice(0)) tell(event);
    },
    crash() {
      state = 'dead';
      waiting = [];
    },
  };
}
