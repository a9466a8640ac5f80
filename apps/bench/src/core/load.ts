import type { Probe } from '../bench.ts';

/** What is published: most bodies are one and the same; of some, the time is taken. */
export interface Bodies<T> {
  readonly plain: T;
  /** One that tells `now` to `sentAt`. */
  stamped(now: number): T;
  /** When it was published; undefined for a plain one. */
  sentAt(body: T): number | undefined;
}

export interface Load<T> {
  /** Publishes so many, `publishers` at a time, and resolves when all have been handled. */
  run(
    messages: number,
    probe: Probe,
    publish: (body: T) => Promise<unknown>,
    handledBefore?: (handled: number) => void,
  ): Promise<void>;
  /** To be called for each by its handler. */
  handled(body: T): void;
}

const publishers = 100;
// So that the queue neither runs dry nor grows: the publishers may be this far ahead of the handlers.
const ahead = 1_000;
const stampEvery = 64;

export function createLoad<T>(bodies: Bodies<T>): Load<T> {
  let wanted = 0;
  let started = 0;
  let handledCount = 0;
  let probe: Probe | undefined;
  let finish: () => void = () => undefined;
  let onHandled: ((handled: number) => void) | undefined;
  let stalled: (() => void)[] = [];

  async function publisher(publish: (body: T) => Promise<unknown>): Promise<void> {
    while (started < wanted) {
      if (started - handledCount >= ahead) await new Promise<void>((go) => stalled.push(go));
      const stamped = started % stampEvery === 0;
      started += 1;
      await publish(stamped ? bodies.stamped(performance.now()) : bodies.plain);
    }
  }

  return {
    async run(messages, newProbe, publish, handledBefore) {
      wanted = messages;
      started = 0;
      handledCount = 0;
      probe = newProbe;
      onHandled = handledBefore;
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      await Promise.all(Array.from({ length: publishers }, () => publisher(publish)));
      await finished;
    },
    handled(body) {
      handledCount += 1;
      const sentAt = bodies.sentAt(body);
      if (sentAt !== undefined) probe?.latency(performance.now() - sentAt);
      onHandled?.(handledCount);
      if (stalled.length > 0 && started - handledCount < ahead >> 1) {
        const all = stalled;
        stalled = [];
        for (const go of all) go();
      }
      if (handledCount === wanted) finish();
    },
  };
}
