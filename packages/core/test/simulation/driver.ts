import type { Capabilities } from '../../src/capabilities.ts';
import type { Address, Transport } from '../../src/driver.ts';
import { IntermodalError } from '../../src/error.ts';
import type { Broker } from './broker.ts';
import type { Plan } from './plan.ts';
import type { ClientState } from './records.ts';
import { createSender } from './sender.ts';
import type { Wire } from './wire.ts';
import type { World } from './world.ts';

/** The wires of one client, for faults. */
export interface Wires {
  readonly senders: Set<Wire>;
  readonly receivers: Set<Wire>;
}

/** One client's transport: opens connections to the simulated broker. */
export function createDriver(
  world: World,
  broker: Broker,
  client: ClientState,
  wires: Wires,
): Transport {
  const { loop, faults, monitor, trace } = world;
  const random = world.random.fork(`driver ${client.process.name}`);
  let opened = 0;

  function open<T>(what: string, signal: AbortSignal, make: (name: string) => T): Promise<T> {
    const name = `${client.process.name}.${what}${(opened += 1)}`;
    if (client.driverClosed)
      monitor.ledger.violate('after-close', `${name} was opened after the driver was closed`);
    const fault = faults.next('open');
    if (fault !== undefined || loop.now() < faults.outageUntil)
      monitor.ledger.deadLettersTroubled = true;
    trace?.add(`${name} open${fault === undefined ? '' : ` fault ${fault.effect}`}`);
    return new Promise((resolve, reject) => {
      // A slow one comes although nobody waits for it any more, as a socket may.
      const heeds = fault?.effect !== 'slow';
      let over = false;
      const onAbort = (): void => {
        if (over || !heeds) return;
        over = true;
        trace?.add(`${name} is not opened any more`);
        reject(IntermodalError.from(signal.reason, { code: 'aborted' }));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      if (fault?.effect === 'hang') return;
      const waitMs =
        world.latency(random) + world.latency(random) + (heeds ? 0 : random.int(20_000));
      loop.after(client.process, waitMs, () => {
        if (over) return;
        over = true;
        if (fault?.effect === 'forbid') {
          trace?.add(`${name} is forbidden`);
          client.forbidden = true;
          reject(new IntermodalError('permission-denied', 'not allowed'));
          return;
        }
        if (fault?.effect === 'fail' || loop.now() < faults.outageUntil) {
          trace?.add(`${name} is refused`);
          reject(new IntermodalError('unavailable', 'connection refused'));
          return;
        }
        trace?.add(`${name} is open`);
        resolve(make(name));
      });
    });
  }

  return {
    name: 'simulated',
    capabilities: capabilitiesOf(world.plan),
    openSender: (address, signal) =>
      open(`sender-${label(address)}`, signal, (name) =>
        createSender(world, broker, client, address, name, wires.senders),
      ),
    openReceiver: (address, options, signal) =>
      open(`receiver-${label(address)}`, signal, (name) =>
        broker.openReceiver(client, address, options, name, wires.receivers),
      ),
    check: () => Promise.resolve(),
    close() {
      client.driverClosed = true;
      return Promise.resolve();
    },
  };
}

function label(address: Address): string {
  const dead = address.role === 'dead-letter' ? '-dead' : '';
  return `${address.channel}${address.group === undefined ? '' : `/${address.group}`}${dead}-`;
}

function capabilitiesOf(plan: Plan): Capabilities {
  const common = {
    receive: true,
    durable: true,
    ttl: false,
    priority: false,
    headers: 'native',
  } as const;
  const { broker } = plan;
  switch (broker.kind) {
    case 'pull':
      return {
        ...common,
        groups: 'single',
        order: broker.fifo ? 'key' : 'none',
        isolation: broker.fifo ? 'key' : 'none',
        settle: 'message',
        duplicates: broker.fifo ? 'on-fault' : 'possible',
        ackConfirmed: true,
        attempts: 'broker',
        release: 'counted',
        retry: 'delayed',
        lease: true,
        delay: !broker.fifo,
        dedupe: broker.fifo,
        replay: false,
      };
    case 'push': {
      const isolation = { queue: 'window', key: 'key', none: 'none' } as const;
      return {
        ...common,
        groups: 'many',
        order: broker.exclusive === 'none' ? 'none' : 'key',
        isolation: isolation[broker.exclusive],
        settle: 'message',
        duplicates: 'on-fault',
        ackConfirmed: broker.ackConfirmed,
        attempts: broker.attempts,
        release: 'free',
        retry: 'immediate',
        lease: false,
        delay: broker.exclusive === 'none',
        dedupe: false,
        replay: false,
      };
    }
    case 'log':
      return {
        ...common,
        groups: 'many',
        order: 'key',
        isolation: 'window',
        settle: 'watermark',
        duplicates: 'on-fault',
        ackConfirmed: false,
        attempts: 'local',
        release: 'none',
        retry: 'local',
        lease: false,
        delay: false,
        dedupe: false,
        replay: true,
      };
    default:
      return broker satisfies never;
  }
}
