import { randomUUID } from 'node:crypto';
import {
  type Capabilities,
  type ClientOptions,
  type Clock,
  type Codec,
  type Consumer,
  type TelemetryEvent,
  type Transport,
} from '@intermodal/core';
import {
  type Broker,
  defaultTimes,
  type FaultName,
  type Faults,
  type Harness,
  type Limits,
  type Times,
} from './harness.ts';
import { createJournal, type Handler, type Journal } from './journal.ts';
import {
  boundedClient,
  type Core,
  type Everything,
  installedCore,
  type TestChannel,
  type TestClient,
  type TestConsumeOptions,
} from './test-client.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export interface ChannelSettings {
  /** @defaultValue `none` */
  readonly order?: 'none' | 'key';
  /** @defaultValue one group, the first of `context.groups` */
  readonly groups?: readonly string[];
  /** @defaultValue JSON */
  readonly codec?: Codec<unknown>;
  /** What consumers will use. @defaultValue 5 */
  readonly maxAttempts?: number;
}

/** What a case works with. Everything that it opens is closed at its end. */
export interface Context extends Omit<Waiting, 'end' | 'pending'> {
  readonly capabilities: Capabilities;
  readonly times: Times;
  readonly limits: Limits;
  readonly broker: Broker;
  /** For bodies that are bytes or text. */
  readonly codecs: { readonly bytes: Codec<unknown>; readonly text: Codec<unknown> };
  /** The group that most cases use. */
  readonly group: string;
  /** A fault that the case names among its needs. */
  fault<F extends FaultName>(name: F): Required<Faults>[F];
  /** A transport to the same broker, of its own. */
  transport(): Transport;
  /** A client of its own, with a transport of its own. */
  client(options?: Omit<Partial<ClientOptions>, 'transport' | 'clock'>): TestClient;
  /** Everything that a client opened here has told, oldest first. */
  readonly telemetry: readonly TelemetryEvent[];
  /** Says something about a passed case that a reader of the report should know. */
  note(text: string): void;
  /** Timers that clients opened here have set and neither let run nor cancelled. */
  timers(): number;
  /** Takes the transport away from under the client, as the death of its process would. */
  crash(client: TestClient): Promise<void>;
  /** A channel that nobody else uses, with what it needs on the broker. */
  channel(settings?: ChannelSettings): Promise<TestChannel>;
  /** A channel declaration of its own, with nothing on the broker. */
  declare(settings?: ChannelSettings): TestChannel;
  /** `client.consume` with the group and, where they are claimed, the lease and the beginning of the log. */
  consume(
    client: TestClient,
    from: TestChannel,
    handler: Handler,
    options?: Partial<TestConsumeOptions>,
  ): Promise<Consumer>;
  /** The options that `consume` adds. */
  consumeOptions(options?: Partial<TestConsumeOptions>): TestConsumeOptions;
  journal(): Journal;
  /** So many members of a group as the case would like, or one where there can be no more. */
  members(wanted: number): number;
}

/** The context of one case, and what ends it. */
export interface OpenContext {
  readonly context: Context;
  readonly waiting: Waiting;
  readonly notes: readonly string[];
  /** Why consumers could not go on, whether the case meant them to or not. */
  readonly ended: readonly unknown[];
  /** Rejects where something did not close. */
  end(): Promise<void>;
}

const startOfRun = randomUUID().slice(0, 8);
let channels = 0;

export function openContext(
  harness: Harness,
  broker: Broker,
  core: Core = installedCore,
): OpenContext {
  const times = { ...defaultTimes, ...harness.times };
  const waiting = createWaiting(times, broker.time);
  const transports = new Map<TestClient, Transport>();
  const ownTransports: Transport[] = [];
  const telemetry: TelemetryEvent[] = [];
  const made: { readonly name: string; readonly groups: readonly string[] }[] = [];
  const timers = countTimers(waiting.clock);
  const { capabilities } = openTransport();
  const group = 'alpha';
  const notes: string[] = [];
  const ended: unknown[] = [];

  function openTransport(): Transport {
    const transport = broker.transport();
    ownTransports.push(transport);
    return transport;
  }

  function client(options: Omit<Partial<ClientOptions>, 'transport' | 'clock'> = {}): TestClient {
    const transport = broker.transport();
    const inner = core.createClient({
      telemetry: (event) => telemetry.push(event),
      ...options,
      transport: transport as Transport<Everything>,
      clock: timers.clock,
    });
    // A case says itself what `done` must do; until it does, a rejection must not end the process.
    const bounded = boundedClient(inner, waiting, (consumer) => {
      consumer.done.catch((error: unknown) => ended.push(error));
    });
    transports.set(bounded, transport);
    return bounded;
  }

  function declare(settings: ChannelSettings = {}): TestChannel {
    channels += 1;
    const name = `t-${startOfRun}-${channels}`;
    const codec = settings.codec === undefined ? {} : { codec: settings.codec };
    return settings.order === 'key'
      ? (core.channel(name, { order: 'key', ...codec }) as TestChannel)
      : (core.channel(name, codec) as TestChannel);
  }

  async function provisioned(settings: ChannelSettings = {}): Promise<TestChannel> {
    const declared = declare(settings);
    const groups = settings.groups ?? [group];
    made.push({ name: declared.name, groups });
    await prepareChannel(declared, groups, settings.maxAttempts ?? 5);
    return declared;
  }

  async function prepareChannel(
    declared: TestChannel,
    groups: readonly string[],
    maxAttempts: number,
  ): Promise<void> {
    const admin = client();
    try {
      if (ownTransports[0]?.admin !== undefined) {
        await admin.provision([declared], {
          ...(capabilities.receive ? { groups } : {}),
          maxAttempts,
        });
      } else if (capabilities.receive) {
        // Without anything to provision, a group comes into being with its first consumer, and stays.
        for (const name of groups) {
          const consumer = await admin.consume(
            declared,
            consumeOptions({ group: name }),
            () => undefined,
          );
          await consumer.stop();
        }
      }
    } finally {
      await admin.close();
    }
  }

  function consumeOptions(options: Partial<TestConsumeOptions> = {}): TestConsumeOptions {
    return {
      group,
      ...(capabilities.lease ? { leaseMs: times.leaseMs } : {}),
      ...(capabilities.replay ? { from: 'earliest' } : {}),
      ...options,
    };
  }

  const context: Context = {
    capabilities,
    times,
    limits: harness.limits ?? {},
    broker,
    codecs: { bytes: core.bytes, text: core.text },
    group,
    clock: waiting.clock,
    now: waiting.now,
    wait: waiting.wait,
    within: waiting.within,
    eventually: waiting.eventually,
    never: waiting.never,
    telemetry,
    timers: timers.count,
    note: (text) => {
      notes.push(text);
    },
    fault(name) {
      const fault = broker.faults?.[name];
      if (fault === undefined) throw new Error(`this case must name '${name}' among its needs`);
      return fault as Required<Faults>[typeof name];
    },
    transport: openTransport,
    client,
    async crash(victim) {
      await waiting.within('the transport to go', closeOf(transports.get(victim)));
    },
    channel: provisioned,
    declare,
    consume: (from, channel, handler, options) =>
      from.consume(channel, consumeOptions(options), handler),
    consumeOptions,
    journal: () => createJournal(waiting),
    members: (wanted) => (capabilities.members === 'one' ? 1 : wanted),
  };

  async function end(): Promise<void> {
    const closing = [...transports.keys()].map((open) => open.close({ deadlineMs: 200 }));
    const outcomes = await Promise.allSettled(closing);
    const remover = broker.transport();
    const signal = AbortSignal.timeout(times.caseMs);
    for (const { name, groups } of made) {
      for (const role of ['dead-letter', 'main'] as const) {
        for (const member of [...groups, undefined]) {
          const address = {
            channel: name,
            role,
            ...(member === undefined ? {} : { group: member }),
          };
          // A broker in tests is thrown away in the end: what cannot be removed is no failure of the case.
          await remover.admin?.remove?.(address, signal).catch(() => undefined);
        }
      }
    }
    await Promise.allSettled([remover, ...ownTransports].map(closeOf));
    await broker.close?.();
    await waiting.end();
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  return { context, waiting, notes, ended, end };
}

async function closeOf(transport: Transport | undefined): Promise<void> {
  await transport?.close();
}

function countTimers(clock: Clock): { readonly clock: Clock; readonly count: () => number } {
  let set = 0;
  return {
    count: () => set,
    clock: {
      now: () => clock.now(),
      random: () => clock.random(),
      setTimer(callback, delayMs) {
        let over = false;
        const end = (): void => {
          if (!over) set -= 1;
          over = true;
        };
        set += 1;
        const cancel = clock.setTimer(() => {
          end();
          callback();
        }, delayMs);
        return () => {
          end();
          cancel();
        };
      },
    },
  };
}
