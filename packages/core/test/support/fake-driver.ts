import type {
  Address,
  Admin,
  Capabilities,
  Driver,
  Prepared,
  Receiver,
  ReceiverOptions,
  SendOutcome,
  Settlement,
  SettleOutcome,
  Token,
  Transport,
  WireDelivery,
  WireMessage,
} from '../../src/driver.ts';
import type { IntermodalError } from '../../src/error.ts';

/** Facts of no transport in particular. */
export const plainCapabilities = {
  receive: true,
  groups: 'many',
  order: 'key',
  isolation: 'key',
  settle: 'message',
  duplicates: 'on-fault',
  durable: true,
  ackConfirmed: true,
  attempts: 'broker',
  release: 'free',
  retry: 'delayed',
  lease: true,
  delay: true,
  ttl: true,
  priority: true,
  dedupe: true,
  replay: true,
  headers: 'native',
} as const satisfies Capabilities;

/** A receive that is open. */
export interface Poll {
  readonly max: number;
  readonly stop: AbortSignal;
  bring(...deliveries: WireDelivery[]): void;
  fail(error: unknown): void;
}

export interface FakeConnection {
  die(error: IntermodalError | undefined): void;
  closed: number;
}

export interface FakeReceiver extends FakeConnection {
  readonly options: ReceiverOptions;
  /** Open ones, oldest first. */
  readonly polls: Poll[];
  readonly settled: Settlement[];
  readonly extended: Token[];
  readonly checkpoints: (readonly [string, Token | 'end'])[];
  readonly paused: (readonly [string, boolean])[];
}

export interface FakeDriver<C extends Capabilities = Capabilities> extends Transport<C> {
  /** What was opened, in order. */
  readonly senders: (FakeConnection & { readonly address: Address })[];
  readonly receivers: FakeReceiver[];
  readonly sent: (readonly Prepared[])[];
  readonly calls: string[];
  answer: (batch: readonly Prepared[]) => Promise<readonly SendOutcome[]>;
  settle: (batch: readonly Settlement[]) => Promise<readonly SettleOutcome[]>;
}

export interface FakeOptions {
  readonly openError?: Error;
  readonly log?: boolean;
  readonly admin?: Admin;
  readonly prefix?: string;
  /** Polls end at once when they are stopped, unless this is false. */
  readonly stops?: boolean;
  /** With dead letters and acks in one transaction; gives the form of the dead letter or throws. */
  readonly prepareDeadLetter?: (message: WireMessage) => Prepared;
  readonly limits?: Partial<Receiver['limits']>;
}

/** A driver whose broker is the test. */
export function fakeDriver<const C extends Capabilities>(
  name: string,
  capabilities: C,
  options: FakeOptions = {},
): FakeDriver<C> {
  const driver: FakeDriver<C> = {
    name,
    capabilities,
    ...(options.prefix === undefined ? {} : { cloudEventsPrefix: options.prefix }),
    ...(options.admin === undefined ? {} : { admin: options.admin }),
    senders: [],
    receivers: [],
    sent: [],
    calls: [],
    answer: (batch) => Promise.resolve(batch.map(() => ({ ok: true, brokerId: name }))),
    settle: (batch) => Promise.resolve(batch.map(() => 'done')),
    openSender: async (address) => openSender(driver, address, options),
    check: async (address) => {
      driver.calls.push(`check ${address?.channel ?? 'all'}`);
      await Promise.resolve();
    },
    close: async () => {
      driver.calls.push('close');
      await Promise.resolve();
    },
  };
  if (!capabilities.receive) return driver;
  const openReceiver: Driver['openReceiver'] = async (_address, receiverOptions) =>
    openFakeReceiver(driver, receiverOptions, options);
  return Object.assign(driver, { openReceiver });
}

function connection(): FakeConnection & { readonly dead: Promise<IntermodalError | undefined> } {
  let die!: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    die = resolve;
  });
  return { dead, die, closed: 0 };
}

async function openSender(
  driver: FakeDriver,
  address: Address,
  options: FakeOptions,
): ReturnType<Driver['openSender']> {
  await Promise.resolve();
  if (options.openError !== undefined) throw options.openError;
  const life = Object.assign(connection(), { address });
  driver.senders.push(life);
  return {
    limits: {
      maxBatchCount: 10,
      maxBatchBytes: 1_000,
      maxInFlight: 5,
      entries: 'ordered',
      lingerMs: 0,
    },
    dead: life.dead,
    prepare: (message) => ({
      bytes: message.body.length,
      lane: message.key,
      payload: message,
    }),
    async send(batch) {
      driver.sent.push(batch);
      return driver.answer(batch);
    },
    async close() {
      life.closed += 1;
      life.die(undefined);
      await Promise.resolve();
    },
  };
}

async function openFakeReceiver(
  driver: FakeDriver,
  receiverOptions: ReceiverOptions,
  options: FakeOptions,
): Promise<Receiver> {
  await Promise.resolve();
  if (options.openError !== undefined) throw options.openError;
  const life = connection();
  const fake: FakeReceiver = Object.assign(life, {
    options: receiverOptions,
    polls: [],
    settled: [],
    extended: [],
    checkpoints: [],
    paused: [],
  });
  driver.receivers.push(fake);
  return {
    limits: {
      maxPerReceive: 10,
      maxConcurrentReceives: 1,
      maxWaitMs: 20_000,
      maxPerSettle: 10,
      settleLingerMs: 0,
      ...options.limits,
    },
    dead: life.dead,
    receive: (max, stop) => receiveFrom(fake, max, stop, options.stops ?? true),
    async settle(batch) {
      fake.settled.push(...batch);
      return driver.settle(batch);
    },
    async close() {
      fake.closed += 1;
      fake.die(undefined);
      return Promise.resolve({ abandoned: 1 });
    },
    ...(driver.capabilities.lease ? { extend: leasing(fake) } : {}),
    ...(options.log === true ? logging(fake) : {}),
    ...(options.prepareDeadLetter === undefined
      ? {}
      : { prepareDeadLetter: options.prepareDeadLetter }),
  };
}

function leasing(fake: FakeReceiver): NonNullable<Receiver['extend']> {
  return async (tokens, leaseMs) => {
    fake.extended.push(...tokens);
    return Promise.resolve(tokens.map(() => ({ leaseUntil: leaseMs })));
  };
}

function logging(fake: FakeReceiver): Pick<Receiver, 'checkpoint' | 'pauseLane'> {
  return {
    async checkpoint(lane, at) {
      fake.checkpoints.push([lane, at]);
      return Promise.resolve('done');
    },
    pauseLane(lane, paused) {
      fake.paused.push([lane, paused]);
    },
  };
}

function receiveFrom(
  fake: FakeReceiver,
  max: number,
  stop: AbortSignal,
  stops: boolean,
): Promise<readonly WireDelivery[]> {
  return new Promise((resolve, reject) => {
    const poll: Poll = {
      max,
      stop,
      bring(...deliveries) {
        end();
        resolve(deliveries);
      },
      fail(error) {
        end();
        reject(error);
      },
    };
    const end = (): void => {
      const at = fake.polls.indexOf(poll);
      if (at !== -1) fake.polls.splice(at, 1);
    };
    fake.polls.push(poll);
    if (stops) stop.addEventListener('abort', () => poll.bring(), { once: true });
  });
}

let deliveries = 0;

export function fakeDelivery(id: string, parts: Partial<WireDelivery> = {}): WireDelivery {
  deliveries += 1;
  return {
    token: { value: deliveries },
    message: { id, channel: 'orders', headers: new Map(), body: id },
    lane: undefined,
    attempt: 1,
    redelivered: false,
    leaseUntil: undefined,
    position: undefined,
    native: id,
    ...parts,
  };
}
