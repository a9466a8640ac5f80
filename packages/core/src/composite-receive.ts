import type { Clock } from './clock.ts';
import type { Receiver, WireDelivery } from './driver.ts';

/** Deliveries of several receivers as those of one. */
export interface MergedReceive {
  /** As `Receiver.receive`: one source's long poll never holds up what another brings. */
  receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]>;
  /** Ends every poll; resolves with what arrived and was not handed out, at the latest when the signal fires. */
  end(signal: AbortSignal): Promise<readonly WireDelivery[]>;
}

interface Source {
  readonly receiver: Pick<Receiver, 'receive' | 'limits'>;
  readonly wrap: (delivery: WireDelivery) => WireDelivery;
}

interface Side extends Source {
  readonly polls: Set<AbortController>;
  /** Deliveries that the polls under way may bring. */
  asked: number;
  /** Its last poll brought something. */
  busy: boolean;
}

interface Waiter {
  readonly max: number;
  readonly resolve: (deliveries: readonly WireDelivery[]) => void;
  readonly reject: (error: unknown) => void;
  /** Sources with a poll that ended empty since. */
  readonly empty: Set<Side>;
  stopped: boolean;
}

/**
 * A poll that lost the race goes on in the background, and what it brings waits for the next `receive`. Together the
 * polls ask for no more than is wanted; only where one delivery is wanted does each source get asked for one. Once
 * `stop` has aborted there may be no next `receive` for long: what waits then is `unwanted`, which gives what it keeps.
 */
export function mergeReceives(
  sources: readonly Source[],
  clock: Clock,
  unwanted: (deliveries: readonly WireDelivery[]) => WireDelivery[],
): MergedReceive {
  const sides: readonly Side[] = sources.map((source) => ({
    ...source,
    polls: new Set(),
    asked: 0,
    busy: false,
  }));
  const waiters: Waiter[] = [];
  let arrived: WireDelivery[] = [];
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let onIdle: () => void = nothing;
  let watched: AbortSignal | undefined;

  function receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]> {
    if (stop.aborted || ended) return Promise.resolve([]);
    watch(stop);
    const deliveries = take(max);
    if (deliveries.length > 0) return Promise.resolve(deliveries);
    if (failure !== undefined) {
      const { error } = failure;
      failure = undefined;
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const onStop = (): void => {
        stopWaiting(waiter);
      };
      const settled = (): void => {
        stop.removeEventListener('abort', onStop);
      };
      const waiter: Waiter = {
        max,
        resolve(deliveries) {
          settled();
          resolve(deliveries);
        },
        reject(error) {
          settled();
          reject(error);
        },
        empty: new Set(),
        stopped: false,
      };
      stop.addEventListener('abort', onStop, { once: true });
      waiters.push(waiter);
      poll();
    });
  }

  /** The wish to stop holds when no `receive` is under way, too. */
  function watch(stop: AbortSignal | undefined): void {
    if (stop === watched) return;
    watched?.removeEventListener('abort', onUnwanted);
    watched = stop;
    stop?.addEventListener('abort', onUnwanted, { once: true });
  }

  function onUnwanted(): void {
    if (waiters.length > 0) return;
    abortPolls();
    sweep();
  }

  function sweep(): void {
    if (watched?.aborted !== true || ended || waiters.length > 0) return;
    if (arrived.length > 0) arrived = unwanted(arrived);
  }

  /** What waited longer than its lease is somebody else's by now. */
  function take(max: number): readonly WireDelivery[] {
    if (arrived.length === 0) return arrived;
    const now = clock.now();
    const live = arrived.filter(({ leaseUntil }) => leaseUntil === undefined || leaseUntil > now);
    arrived = live.slice(max);
    return live.slice(0, max);
  }

  function poll(): void {
    const active = waiters.filter((waiter) => !waiter.stopped);
    if (ended || active.length === 0) return;
    let wanted = active.reduce((sum, waiter) => sum + waiter.max, 0);
    for (const side of sides) wanted -= side.asked;
    // The one that had something last time is asked for the rest of it, the others for what may have come.
    const quietFirst = sides.toSorted((one, other) => Number(one.busy) - Number(other.busy));
    let left = quietFirst.filter((side) => side.polls.size === 0).length;
    for (const side of quietFirst) {
      if (side.polls.size > 0) continue;
      const share = shareOf(side, wanted, left);
      left -= 1;
      wanted -= ask(side, Math.max(1, share));
    }
    for (const side of sides) {
      const { maxConcurrentReceives } = side.receiver.limits;
      while (side.busy && wanted > 0 && side.polls.size < maxConcurrentReceives) {
        wanted -= ask(side, wanted);
      }
    }
  }

  function shareOf(side: Side, wanted: number, left: number): number {
    if (left === 1) return wanted;
    const alike = sides.every((other) => other.busy === side.busy);
    return alike ? Math.floor(wanted / left) : 1;
  }

  function ask(side: Side, wanted: number): number {
    const max = Math.min(wanted, side.receiver.limits.maxPerReceive);
    const controller = new AbortController();
    side.polls.add(controller);
    side.asked += max;
    const over = (): void => {
      side.polls.delete(controller);
      side.asked -= max;
    };
    side.receiver.receive(max, controller.signal).then(
      (deliveries) => {
        over();
        onDeliveries(side, deliveries);
      },
      (error: unknown) => {
        over();
        onError(side, error);
      },
    );
    return max;
  }

  function onDeliveries(side: Side, deliveries: readonly WireDelivery[]): void {
    side.busy = deliveries.length > 0;
    for (const delivery of deliveries) arrived.push(side.wrap(delivery));
    handOut();
    if (!side.busy) {
      for (const waiter of waiters) waiter.empty.add(side);
      answer((waiter) => waiter.empty.size === sides.length);
    }
    sweep();
    afterPoll();
  }

  function onError(side: Side, error: unknown): void {
    side.busy = false;
    const waiter = waiters.find(({ stopped }) => !stopped);
    if (waiter === undefined) failure = waiters.length > 0 || ended ? undefined : { error };
    else {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.reject(error);
    }
    afterPoll();
  }

  function handOut(): void {
    while (waiters.length > 0) {
      const deliveries = take(waiters[0]?.max ?? 0);
      if (deliveries.length === 0) return;
      waiters.shift()?.resolve(deliveries);
    }
  }

  /** Nothing came for these. */
  function answer(which: (waiter: Waiter) => boolean): void {
    for (const waiter of waiters.filter(which)) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve([]);
    }
  }

  function afterPoll(): void {
    if (sides.every((side) => side.polls.size === 0)) {
      answer((waiter) => waiter.stopped);
      onIdle();
    }
    poll();
  }

  /** The last one takes the polls with it, and waits for what they still bring: it would be nobody's. */
  function stopWaiting(waiter: Waiter): void {
    waiter.stopped = true;
    if (waiters.every(({ stopped }) => stopped)) abortPolls();
    else answer((one) => one === waiter);
  }

  function abortPolls(): void {
    for (const side of sides) for (const controller of side.polls) controller.abort();
  }

  return {
    receive,
    async end(signal) {
      ended = true;
      watch(undefined);
      const idle = sides.every((side) => side.polls.size === 0);
      const finished = new Promise<void>((resolve) => {
        onIdle = resolve;
        if (idle || signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      for (const waiter of waiters) waiter.stopped = true;
      abortPolls();
      await finished;
      answer(() => true);
      return arrived.splice(0);
    },
  };
}

function nothing(): void {
  // Replaced by whoever waits for it.
}
