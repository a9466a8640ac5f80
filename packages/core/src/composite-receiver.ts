import { mergeReceives } from './composite-receive.ts';
import {
  bySide,
  doBoth,
  openBoth,
  type Routed,
  type Side,
  sidedName,
  sideNames,
  type Sides,
  unsidedName,
} from './composite-sides.ts';
import type {
  Address,
  Driver,
  Receiver,
  ReceiverOptions,
  Settlement,
  SettleOutcome,
  StartPosition,
  Token,
  WireDelivery,
  WireMessage,
} from './driver.ts';
import { IntermodalError } from './error.ts';

/** What a token of the composite holds. */
interface TokenOfSide {
  readonly receiver: object;
  readonly side: Side;
  readonly token: Token;
}

/** Messages in the form of the composite and of its sides. */
export interface SideMessages {
  toSide(side: Side, message: WireMessage): WireMessage;
  fromSide(side: Side, message: WireMessage): WireMessage;
}

export async function openCompositeReceiver(
  drivers: Sides<Driver>,
  messages: SideMessages,
  address: Address,
  options: ReceiverOptions,
  signal: AbortSignal,
): Promise<Receiver> {
  const sides = await openBoth(
    async (side) => openOne(drivers[side], side, address, options, signal),
    (receiver) => receiver.close(AbortSignal.abort()),
  );
  return join(sides, drivers, messages, options);
}

async function openOne(
  driver: Driver,
  side: Side,
  address: Address,
  options: ReceiverOptions,
  signal: AbortSignal,
): Promise<Receiver> {
  if (driver.openReceiver === undefined) {
    const text = `'${driver.name}' only publishes`;
    throw new IntermodalError('unsupported', text, { transport: driver.name });
  }
  const from = startOf(side, options.from);
  const onLane: ReceiverOptions['onLane'] = (lane, state) =>
    options.onLane(sidedName(side, lane), state);
  return driver.openReceiver(address, { ...options, from, onLane }, signal);
}

/** A position is one side's; the other begins at its beginning, since a later start could miss messages. */
function startOf(side: Side, from: StartPosition | undefined): StartPosition | undefined {
  if (typeof from !== 'object' || from instanceof Date) return from;
  const position = unsidedName(from.position);
  return position.side === side ? { position: position.name } : 'earliest';
}

function join(
  sides: Sides<Receiver>,
  drivers: Sides<Driver>,
  messages: SideMessages,
  options: ReceiverOptions,
): Receiver {
  const { first, second } = sides;
  /** Tells our tokens from those of other receivers. */
  const identity = {};
  let over = false;
  const bothDead = async (): Promise<IntermodalError | undefined> =>
    (await first.dead) ?? (await second.dead);
  const merged = mergeReceives(
    sideNames.map((side) => ({ receiver: sides[side], wrap: (one) => wrap(side, one) })),
    options.clock,
    giveBackEarly,
  );
  const ending = new AbortController();
  /** How many of what went back before `close` could not. */
  let early = Promise.resolve(0);
  const dead = Promise.race([first.dead, second.dead]).then((error) => {
    if (over) return bothDead();
    over = true;
    // The tokens of the other die with it; its closing gives back what it holds.
    void Promise.allSettled(sideNames.map((side) => sides[side].close(AbortSignal.abort())));
    void merged.end(AbortSignal.abort());
    return error;
  });

  function wrap(side: Side, delivery: WireDelivery): WireDelivery {
    const value: TokenOfSide = { receiver: identity, side, token: delivery.token };
    const { lane, position } = delivery;
    return {
      ...delivery,
      message: messages.fromSide(side, delivery.message),
      token: { value },
      lane: lane === undefined ? undefined : sidedName(side, lane),
      position: position === undefined ? undefined : sidedName(side, position),
    };
  }

  function route<E>(token: Token, entryOf: (token: Token, side: Side) => E): Routed<E> | undefined {
    const value = token.value as TokenOfSide | undefined;
    if (over || value?.receiver !== identity) return undefined;
    return { side: value.side, entry: entryOf(value.token, value.side) };
  }

  function settle(
    batch: readonly Settlement[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    return bySide<() => Settlement, SettleOutcome>(
      batch.map((settlement) =>
        route(settlement.token, (token, side) => () => ofSide(settlement, token, side)),
      ),
      (side, entries) => settlePrepared(sides[side], entries, signal),
      lostOr,
    );
  }

  /** A dead letter gets the form of its side only here: before, nobody knows which side the delivery is of. */
  function ofSide(settlement: Settlement, token: Token, side: Side): Settlement {
    if (settlement.action !== 'reject') return { ...settlement, token };
    const message = messages.toSide(side, settlement.deadLetter.payload as WireMessage);
    const deadLetter = sides[side].prepareDeadLetter?.(message) ?? settlement.deadLetter;
    return { ...settlement, token, deadLetter };
  }

  /** Others of a key may still come and be handled here: only a broker that locks it can have it back before them. */
  function giveBackEarly(arrived: readonly WireDelivery[]): WireDelivery[] {
    const mayGo = ({ token, lane }: WireDelivery): boolean => {
      const { isolation, release } = drivers[(token.value as TokenOfSide).side].capabilities;
      if (release !== 'free' && release !== 'counted') return false;
      return lane === undefined ? isolation !== 'window' : isolation === 'key';
    };
    const going = giveBack(arrived.filter(mayGo), ending.signal);
    early = early.then(async (count) => count + (await going));
    return arrived.filter((delivery) => !mayGo(delivery));
  }

  /** What arrived and was not handed out goes back. Gives how many could not. */
  async function giveBack(arrived: readonly WireDelivery[], signal: AbortSignal): Promise<number> {
    const kept = arrived.filter(({ token }) => {
      const { release } = drivers[(token.value as TokenOfSide).side].capabilities;
      return release === 'free' || release === 'counted';
    });
    const outcomes = await settle(
      kept.map(({ token }) => ({ token, action: 'release' })),
      signal,
    );
    return outcomes.filter((outcome) => outcome !== 'done').length;
  }

  return {
    limits: {
      maxPerReceive: first.limits.maxPerReceive + second.limits.maxPerReceive,
      maxConcurrentReceives:
        first.limits.maxConcurrentReceives + second.limits.maxConcurrentReceives,
      maxWaitMs: Math.max(first.limits.maxWaitMs, second.limits.maxWaitMs),
      maxPerSettle: Math.min(first.limits.maxPerSettle, second.limits.maxPerSettle),
      settleLingerMs: Math.max(first.limits.settleLingerMs, second.limits.settleLingerMs),
    },
    dead,
    receive: (max, stop) => merged.receive(max, stop),
    settle,
    async close(signal) {
      const end = (): void => ending.abort();
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
      const arrived = await merged.end(signal);
      const lost = (await giveBack(arrived, signal)) + (await early);
      signal.removeEventListener('abort', end);
      over = true;
      const reports = await doBoth((side) => sides[side].close(signal));
      return { abandoned: reports.first.abandoned + reports.second.abandoned + lost };
    },
    ...leasing(sides, route),
    ...logging(sides, route),
    ...(first.prepareDeadLetter !== undefined && second.prepareDeadLetter !== undefined
      ? { prepareDeadLetter: (payload) => ({ bytes: 0, lane: undefined, payload }) }
      : {}),
  };
}

type Route = <E>(token: Token, entryOf: (token: Token, side: Side) => E) => Routed<E> | undefined;

/** One side may have leases and the other none: core renews where a delivery says until when it is ours. */
function leasing(sides: Sides<Receiver>, route: Route): Pick<Receiver, 'extend'> {
  const { first, second } = sides;
  if (first.extend === undefined && second.extend === undefined) return {};
  return {
    extend: (tokens, leaseMs, signal) =>
      bySide<Token, SettleOutcome | { readonly leaseUntil: number }>(
        tokens.map((token) => route(token, (one) => one)),
        (side, entries) =>
          sides[side].extend?.(entries, leaseMs, signal) ??
          Promise.resolve(entries.map(() => 'done')),
        lostOr,
      ),
  };
}

function logging(sides: Sides<Receiver>, route: Route): Pick<Receiver, 'checkpoint' | 'pauseLane'> {
  const { first, second } = sides;
  if (first.checkpoint === undefined || second.checkpoint === undefined) return {};
  return {
    checkpoint(lane, at, signal) {
      const { side, name } = unsidedName(lane);
      const token = at === 'end' ? at : route(at, (one) => one)?.entry;
      const written =
        token === undefined ? undefined : sides[side].checkpoint?.(name, token, signal);
      return written ?? Promise.resolve('lost');
    },
    pauseLane(lane, paused) {
      const { side, name } = unsidedName(lane);
      sides[side].pauseLane?.(name, paused);
    },
  };
}

function lostOr(why: IntermodalError | undefined): SettleOutcome {
  return why === undefined ? 'lost' : { failed: why };
}

/** One that has no form on its side fails alone. */
async function settlePrepared(
  receiver: Receiver,
  entries: readonly (() => Settlement)[],
  signal: AbortSignal,
): Promise<readonly SettleOutcome[]> {
  const prepared = entries.map((entry): Settlement | IntermodalError => {
    try {
      return entry();
    } catch (error) {
      return IntermodalError.from(error);
    }
  });
  const batch = prepared.filter((entry) => 'action' in entry);
  const outcomes = batch.length === 0 ? [] : await receiver.settle(batch, signal);
  let next = 0;
  return prepared.map((entry) => {
    if (!('action' in entry)) return { failed: entry };
    next += 1;
    const failed = new IntermodalError('unknown', 'a driver gave no outcome for a settlement');
    return outcomes[next - 1] ?? { failed };
  });
}
