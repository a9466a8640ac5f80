import { type Clock, IntermodalError } from '@intermodal/core/driver';
import type { Process } from './processes.ts';
import type { Random } from './random.ts';

/** How calls of one process reach a service. */
export interface Network {
  /** Carries the call out after a while, and answers after a while; or fails before, or after, or both late. */
  call<T>(work: () => T): Promise<T>;
}

export interface Weather {
  /** Of calls, how many fail; some of these have been carried out, or will be later. */
  failing: number;
  /** How many take longer than a lease may. */
  slow: number;
}

export function createNetwork(
  world: Clock,
  process: Process,
  random: Random,
  weather: Weather,
): Network {
  return {
    call(work) {
      return new Promise((resolve, reject) => {
        const outMs = random.chance(weather.slow)
          ? random.between(200, 3_000)
          : random.between(1, 20);
        const backMs = random.chance(weather.slow)
          ? random.between(200, 3_000)
          : random.between(1, 20);
        const fails = random.chance(weather.failing);
        const isLost = fails && random.chance(0.4);
        // An answer that the caller does not wait for any more, while its call is still on the way.
        if (fails) {
          world.setTimer(
            () => {
              process.tell(() => {
                reject(new IntermodalError('unavailable', 'no answer', { retryable: true }));
              });
            },
            random.between(1, 400),
          );
        }
        if (isLost) return;
        world.setTimer(() => {
          let result: ReturnType<typeof work>;
          try {
            result = work();
          } catch (error) {
            world.setTimer(() => {
              process.tell(() => {
                reject(error);
              });
            }, backMs);
            return;
          }
          world.setTimer(() => {
            process.tell(() => {
              resolve(result);
            });
          }, backMs);
        }, outMs);
      });
    },
  };
}
