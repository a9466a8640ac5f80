import { timer, type Wheel } from './wheel.ts';

/** A promise and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** `promise`, or `otherwise` once `ms` have passed. A late rejection is nobody's any more. */
export function within<T>(wheel: Wheel, ms: number, promise: Promise<T>, otherwise: T): Promise<T> {
  promise.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const late = timer(() => {
      resolve(otherwise);
    });
    wheel.set(late, wheel.clock.now() + ms);
    promise.then(resolve, reject).finally(() => {
      wheel.cancel(late);
    });
  });
}
