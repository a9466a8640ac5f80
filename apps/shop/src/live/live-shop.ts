import type { Telemetry } from '@intermodal/core';
import { forgetfulLedger } from '../ledger.ts';
import type { Offer, Station } from '../offers/offer.ts';
import type { Order } from '../order.ts';
import { createRecord } from '../record.ts';
import { createTally } from '../tally.ts';
import { createWatch } from '../watch.ts';
import { type BrokerControl, createBrokerControl } from './broker-control.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIntake, type Intake } from './intake.ts';
import { type Leg, openLeg } from './leg.ts';
import { createMeter, type Meter } from './meter.ts';
import { createMissing } from './missing.ts';
import type { SwapReport, SwapState } from './snapshot.ts';
import { swapLegs } from './swap.ts';

export interface LiveShopOptions {
  readonly offer: Offer;
  /** Orders of the shop's own, one after the other. */
  readonly make: () => Order;
  /** How many messages may be on their way before no more orders are placed. @defaultValue 6,000 */
  readonly mostInFlight?: number;
  /** Messages that are remembered once all have handled them. @defaultValue all */
  readonly remembered?: number;
  /**
   * How long nothing may come that nothing holds up before it counts as lost.
   *
   * @defaultValue 60,000 where the transport is durable and its broker keeps its messages, else 10,000
   */
  readonly patienceMs?: number | undefined;
  readonly note: (text: string) => void;
}

/** The shop without an end, whose transport can be changed while it runs. */
export interface LiveShop extends AsyncDisposable {
  readonly leg: Leg;
  readonly intake: Intake;
  readonly faults: Faults;
  readonly broker: BrokerControl;
  readonly meter: Meter;
  readonly tally: ReturnType<typeof createTally>;
  readonly counts: { readonly orders: number; readonly redriven: number };
  readonly retriedBy: ReadonlyMap<string, number>;
  readonly swapping: SwapState | undefined;
  readonly swaps: readonly SwapReport[];
  /** Starts what a later swap to it needs. */
  prepare(offer: Offer): Promise<void>;
  /**
   * Hands over to another transport; one at a time. `onOpen` may put off what follows the opening of it.
   *
   * @throws what keeps the other from starting: the old one goes on
   */
  swap(offer: Offer, onOpen?: () => Promise<void>): Promise<SwapReport>;
  /** Moves every dead letter back to its group. Resolves with how many. */
  redrive(): Promise<number>;
}

const messagesOfOrder = 6;
const patienceMs = 10_000;
const durablePatienceMs = 60_000;

export async function openLiveShop(options: LiveShopOptions): Promise<LiveShop> {
  const { make, note, mostInFlight = 6_000, remembered = Infinity } = options;
  const counts = { orders: 0, redriven: 0 };
  const retriedBy = new Map<string, number>();
  const meter = createMeter();
  const faults = createFaults();
  const swaps: SwapReport[] = [];
  const stations = new Set<Station>();
  const closing = new AbortController();
  let swapping: SwapState | undefined;
  let lastSwap: Promise<unknown> = Promise.resolve();
  // Set before anything is published or handled.
  let leg!: Leg;

  const tally = createTally((channel) => leg.groupsOf(channel), { remembered });
  const record = createRecord({
    tally,
    ledger: forgetfulLedger(),
    onChange: () => undefined,
    onBroken: () => undefined,
  });
  const watch = createWatch({
    note,
    onDeadLettered: record.deadLettered,
    onRetried: () => undefined,
  });

  const telemetry: Telemetry = (event) => {
    watch(event);
    const { type, channel, group = channel } = event;
    if (type === 'published') meter.published(1);
    if (type === 'delivered' && event.redelivered) meter.counts.redelivered += 1;
    if (type === 'lease-lost') meter.counts.leasesLost += 1;
    if (type !== 'retried') return;
    meter.counts.retried += 1;
    retriedBy.set(`${channel}/${group}`, (retriedBy.get(`${channel}/${group}`) ?? 0) + 1);
  };

  async function prepare(offer: Offer): Promise<Station> {
    const station = await offer.start();
    stations.add(station);
    return station;
  }

  async function open(offer: Offer): Promise<Leg> {
    const station = await prepare(offer);
    return openLeg({
      station,
      offer,
      record,
      middleware: [
        faults.middleware,
        async ({ publishedAt }, next) => {
          await next();
          meter.handled(publishedAt === undefined ? undefined : Date.now() - publishedAt.getTime());
        },
      ],
      telemetry,
      note,
      onStranger: () => undefined,
      onFailed(error, reader) {
        const reason = error instanceof Error ? error.message : String(error);
        note(`The consumer of '${reader}' cannot go on: ${reason}.`);
      },
    });
  }

  leg = await open(options.offer);
  const broker = createBrokerControl({
    leg: () => leg,
    note,
    async recover() {
      // What is placed before its group is there again would never reach it.
      await intake.hold();
      await leg.recover();
      intake.begin(leg.channels.stages['place-order']);
    },
  });
  const intake = createIntake({
    record,
    make,
    note,
    room: () => Math.floor((mostInFlight - inFlight()) / messagesOfOrder),
    onPlaced(orders) {
      counts.orders += orders;
    },
    onFailed(error) {
      const reason = error instanceof Error ? error.message : String(error);
      note(`Orders were refused, and are tried again: ${reason}.`);
    },
  });
  const missing = createMissing({
    tally,
    patienceMs: patience,
    isQuiet: () =>
      !faults.areOn &&
      broker.state === 'up' &&
      swapping === undefined &&
      leg.readers.every((reader) => leg.consumers.has(reader)),
    note,
  });
  intake.begin(leg.channels.stages['place-order']);

  function patience(): number {
    const { station, capabilities } = leg;
    const keeps = capabilities.durable && (station.broker?.forgets ?? 'nothing') === 'nothing';
    return options.patienceMs ?? (keeps ? durablePatienceMs : patienceMs);
  }

  function inFlight(): number {
    return tally.totals().outstanding;
  }

  async function redriveLeg(from: Leg): Promise<number> {
    let moved = 0;
    for (const reader of from.readers) {
      if ((tally.readers.get(reader)?.deadLettered ?? 0) === 0) continue;
      moved += await from.redrive(reader);
    }
    counts.redriven += moved;
    return moved;
  }

  async function swap(offer: Offer, onOpen?: () => Promise<void>): Promise<SwapReport> {
    const from = leg;
    const progress = { from: from.offer.label, to: offer.label, left: 0, toDrain: 0 };
    swapping = { ...progress, step: 'open' };
    try {
      const report = await swapLegs({
        from,
        async open() {
          const next = await open(offer);
          await onOpen?.();
          return next;
        },
        intake,
        faults,
        broker,
        tally,
        patienceMs: patience(),
        signal: closing.signal,
        redrive: () => redriveLeg(from),
        onStep(step, left = 0, toDrain = 0) {
          swapping = { ...progress, step, left, toDrain };
        },
        use(to) {
          leg = to;
          intake.begin(to.channels.stages['place-order']);
        },
        note,
      });
      swaps.unshift(report);
      return report;
    } finally {
      swapping = undefined;
    }
  }

  return {
    get leg() {
      return leg;
    },
    intake,
    faults,
    broker,
    meter,
    tally,
    counts,
    retriedBy,
    swaps,
    async prepare(offer) {
      await prepare(offer);
    },
    get swapping() {
      return swapping;
    },
    swap(offer, onOpen) {
      if (swapping !== undefined)
        return Promise.reject(new Error('one hand-over is under way already'));
      const swapped = swap(offer, onOpen);
      lastSwap = swapped.catch(() => undefined);
      return swapped;
    },
    redrive: () => redriveLeg(leg),
    async [Symbol.asyncDispose]() {
      missing.stop();
      closing.abort();
      faults.heal();
      intake.giveUp();
      await lastSwap;
      const held = intake.hold();
      // Closing it also ends what is being published to a broker that is not there.
      await leg.close({ deadlineMs: 2_000 });
      await held;
      for (const station of stations) await station[Symbol.asyncDispose]();
    },
  };
}
