import type { Capabilities } from './capabilities.ts';
import { defaultCloudEventsPrefix, renameAttributes } from './cloud-events.ts';
import { type Both, bothCapabilities } from './composite-capabilities.ts';
import { openCompositeReceiver, type SideMessages } from './composite-receiver.ts';
import { openCompositeSender } from './composite-sender.ts';
import { doBoth, type Side, type Sides } from './composite-sides.ts';
import type { Address, Admin, Backlog, Driver, Transport, WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';

export interface CompositeTransportOptions<
  A extends Transport = Transport,
  B extends Transport = Transport,
> {
  /** Both are the composite's from here on: closing it closes them. */
  readonly first: A;
  readonly second: B;
  /**
   * Where a message goes. Order by key holds as long as a key stays on its side. Called once per message and for each
   * connection that it is prepared for, so it may answer differently later; `address` tells dead letters.
   */
  readonly side: (message: WireMessage, address: Address) => 'first' | 'second';
}

/**
 * Two transports behind one, which can do what both can, except priority: each message goes to the side that `side` names, and a consumer
 * gets the deliveries of both. The connection to both is one: when either is lost, both open again.
 *
 * @throws `unsupported` for a queue and a log: one is settled by message, the other by position
 */
export function compositeTransport<A extends Transport, B extends Transport>(
  options: CompositeTransportOptions<A, B>,
): Transport<Both<A['capabilities'], B['capabilities']>> {
  const { first, second } = options;
  const drivers: Sides<Driver> = { first, second };
  const name = `${first.name}+${second.name}`;
  const capabilities = bothCapabilities<A['capabilities'], B['capabilities']>(
    first.capabilities,
    second.capabilities,
  );
  checkSettle(first, second, capabilities);
  const prefix = commonPrefix(first, second);
  const messages = sideMessages(drivers, prefix);
  const admin = bothAdmins(first.admin, second.admin);

  function sideOf(message: WireMessage, address: Address): Side {
    const side: unknown = options.side(message, address);
    if (side === 'first' || side === 'second') return side;
    const text = "the composite's side() must answer 'first' or 'second'";
    throw new IntermodalError('invalid-argument', text, { transport: name });
  }

  return {
    name,
    capabilities,
    cloudEventsPrefix: prefix,
    openSender: (address, signal) =>
      openCompositeSender(drivers, messages, sideOf, address, signal),
    ...(capabilities.receive
      ? {
          openReceiver: (address, receiverOptions, signal) =>
            openCompositeReceiver(drivers, messages, address, receiverOptions, signal),
        }
      : {}),
    ...(admin === undefined ? {} : { admin }),
    async check(address, signal) {
      await doBoth((side) => drivers[side].check(address, signal));
    },
    async close() {
      await doBoth((side) => drivers[side].close());
    },
  };
}

/** @throws `unsupported` */
function checkSettle(first: Driver, second: Driver, both: Capabilities): void {
  if (!both.receive || first.capabilities.settle === second.capabilities.settle) return;
  const text = `'${first.name}' and '${second.name}' cannot be one transport: one settles each message, the other is a log; use a client for each`;
  throw new IntermodalError('unsupported', text);
}

function commonPrefix(first: Driver, second: Driver): string {
  const prefix = prefixOf(first);
  return prefix === prefixOf(second) ? prefix : defaultCloudEventsPrefix;
}

function prefixOf(driver: Driver): string {
  return driver.cloudEventsPrefix ?? defaultCloudEventsPrefix;
}

function sideMessages(drivers: Sides<Driver>, prefix: string): SideMessages {
  return {
    toSide: (side, message) => renameAttributes(message, prefix, prefixOf(drivers[side])),
    fromSide: (side, message) => renameAttributes(message, prefixOf(drivers[side]), prefix),
  };
}

/** What both can administer. */
function bothAdmins(first: Admin | undefined, second: Admin | undefined): Admin | undefined {
  if (first === undefined || second === undefined) return undefined;
  const admins: Sides<Admin> = { first, second };
  return {
    async provision(address, plan, signal) {
      await doBoth((side) => admins[side].provision(address, plan, signal));
    },
    ...(first.backlog !== undefined && second.backlog !== undefined
      ? {
          async backlog(address, signal) {
            const both = await doBoth(async (side) => admins[side].backlog?.(address, signal));
            return sum(both.first ?? nothing, both.second ?? nothing);
          },
        }
      : {}),
    ...(first.redrive !== undefined && second.redrive !== undefined
      ? {
          async redrive(address, options, signal) {
            const both = await doBoth(async (side) =>
              admins[side].redrive?.(address, options, signal),
            );
            return { moved: (both.first?.moved ?? 0) + (both.second?.moved ?? 0) };
          },
        }
      : {}),
    ...(first.purge !== undefined && second.purge !== undefined
      ? {
          async purge(address, signal) {
            await doBoth(async (side) => admins[side].purge?.(address, signal));
          },
        }
      : {}),
    ...(first.remove !== undefined && second.remove !== undefined
      ? {
          async remove(address, signal) {
            await doBoth(async (side) => admins[side].remove?.(address, signal));
          },
        }
      : {}),
  };
}

const nothing: Backlog = { ready: 0, inFlight: 0, delayed: 0, deadLettered: 0, exact: true };

function sum(one: Backlog, other: Backlog): Backlog {
  return {
    ready: one.ready + other.ready,
    inFlight: one.inFlight + other.inFlight,
    delayed: one.delayed + other.delayed,
    deadLettered: one.deadLettered + other.deadLettered,
    exact: one.exact && other.exact,
  };
}
