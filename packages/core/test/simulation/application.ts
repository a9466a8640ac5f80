import type { Consumer, StopReport } from '../../src/consumer-types.ts';
import type { StandardSchema } from '../../src/schema.ts';
import type { Broker } from './broker.ts';
import type { AnyChannel, Client, Core, PublishSettings } from './core.ts';
import { createDriver, type Wires } from './driver.ts';
import { createProcess } from './event-loop.ts';
import { createHandlers } from './handlers.ts';
import {
  type ChannelPlan,
  type ClientPlan,
  type ConsumerPlan,
  type How,
  type MessagePlan,
  type Step,
  decodingMs,
  schemaMs,
} from './plan.ts';
import type { AnyDelivery, ClientState, ConsumerState, Publication, Receipt } from './records.ts';
import { roundTripMs, type World } from './world.ts';

export interface Application {
  perform(step: Step): void;
  readonly clients: readonly AppClient[];
  /** Everything paused goes on, and every group that nobody reads any more gets a consumer. */
  finish(): void;
  /** Publishes and opens that have not been answered, of processes that live. */
  isAnswered(): boolean;
  closeAll(): void;
  isClosed(): boolean;
  describe(): string;
}

export interface AppClient {
  readonly state: ClientState;
  readonly client: Client;
  readonly wires: Wires;
  published: number;
  readonly running: AppConsumer[];
}

interface AppConsumer {
  readonly state: ConsumerState;
  opened: Consumer | undefined;
  /** Of a consumer that is pulled. */
  iterator: AsyncIterableIterator<AnyDelivery> | undefined;
  /** It could not be opened. */
  failed: boolean;
}

const defaultConcurrency = 16;
const defaultDeadlineMs = 30_000;

/** Clients, publishers and consumers: what users of core do. */
export function createApplication(world: World, core: Core, broker: Broker): Application {
  const { loop, monitor, plan, trace, random } = world;
  const { violate } = monitor.ledger;
  const handlers = createHandlers(world, core);
  const clients: AppClient[] = [];
  const consumers = new Map<string, AppConsumer>();
  const channels = new Map<string, AnyChannel>();
  let finishing = false;
  const codecs = { json: core.json(), text: core.text, bytes: core.bytes };
  /** A call that nothing disturbs ends within this of its bound. */
  const slackMs = 1_000 + 4 * roundTripMs(plan);
  const schemaChance = random.fork('schema');
  const lateSchema: StandardSchema = {
    '~standard': { version: 1, vendor: 'simulation', validate },
  };
  for (const channel of plan.channels) {
    channels.set(
      channel.name,
      core.channel(channel.name, {
        order: channel.order,
        codec: codecs[channel.codec],
        ...(channel.asyncSchema === true ? { schema: lateSchema } : {}),
      }),
    );
  }

  /** Takes everything, in its own time. */
  function validate(value: unknown): Promise<{ readonly value: unknown }> {
    return new Promise((resolve) => {
      loop.after(world.broker, schemaChance.int(schemaMs), () => {
        resolve({ value });
      });
    });
  }

  function channelPlan(name: string): ChannelPlan {
    return plan.channels.find((channel) => channel.name === name) as ChannelPlan;
  }

  /** Clients beyond those of the plan are as its first. */
  function settingsOfClient(index: number): ClientPlan {
    return plan.clients[index] ?? (plan.clients[0] as ClientPlan);
  }

  function clientAt(index: number): AppClient {
    for (let next = clients.length; next <= index; next += 1) {
      clients.push(openClient(next, settingsOfClient(next)));
    }
    return clients[index] as AppClient;
  }

  function openClient(index: number, own: ClientPlan): AppClient {
    const process = createProcess(`client${index}`);
    const state: ClientState = {
      index,
      process,
      openConnections: 0,
      closeCalled: false,
      closed: false,
      driverClosed: false,
      forbidden: false,
      owed: new Map(),
      consumers: [],
    };
    const wires: Wires = { senders: new Set(), receivers: new Set() };
    const chance = random.fork(`middleware ${index}`);
    const pauseFor = (): Promise<void> =>
      new Promise((resolve) => {
        loop.after(process, chance.int(20), resolve);
      });
    const client = core.createClient({
      transport: createDriver(world, broker, state, wires),
      clock: loop.clockOf(process, random.fork(`clock ${index}`)),
      publishTimeoutMs: own.publishTimeoutMs,
      operationTimeoutMs: own.operationTimeoutMs,
      maxPendingMessages: own.maxPendingMessages,
      maxPendingBytes: own.maxPendingBytes,
      ...(own.observed
        ? {
            telemetry: (event) =>
              trace?.add(`${process.name} tells ${event.type} ${'id' in event ? event.id : ''}`),
          }
        : {}),
      ...(own.middleware
        ? {
            middleware: {
              publish: [
                async (message, next) => {
                  await pauseFor();
                  return next(message);
                },
              ],
              consume: [
                async (_, next) => {
                  await next();
                },
              ],
            },
          }
        : {}),
    });
    return { state, client, wires, published: 0, running: [] };
  }

  /** Counts a promise that was given to the application, until it settles. */
  function owe(client: AppClient, what: string, promise: Promise<unknown>): void {
    const { owed } = client.state;
    owed.set(what, (owed.get(what) ?? 0) + 1);
    const over = (): void => {
      owed.set(what, (owed.get(what) ?? 0) - 1);
    };
    promise.then(over, over);
  }

  function codeOf(error: unknown): string {
    return core.IntermodalError.is(error) ? error.code : String(error);
  }

  /** Why a consumer may not open. */
  function isExpected(client: AppClient, error: unknown): boolean {
    const code = codeOf(error);
    if (code === 'permission-denied') return client.state.forbidden;
    return ['timeout', 'unavailable', 'closed', 'aborted'].includes(code);
  }

  function publish(
    client: AppClient,
    channelName: string,
    messages: readonly MessagePlan[],
    many: boolean,
  ): void {
    const channel = channels.get(channelName) as AnyChannel;
    const publications = messages.map((message) =>
      announce(client, channelPlan(channelName), message),
    );
    const settle = (publication: Publication, outcome: string): void => {
      if (client.state.process.frozen) return;
      trace?.add(`publish ${publication.plan.id} ${outcome}`);
      publication.outcome = outcome;
      monitor.publish.settled(publication);
      if (!many) checkTime(publication, client);
    };
    if (many) {
      const closedBefore = client.state.closeCalled;
      const all = client.client.publishMany(
        channel,
        publications.map((one) => ({ ...settingsOf(one.plan, client), body: one.body })),
      );
      owe(client, 'publishMany', all);
      all.then(
        (outcomes) => {
          publications.forEach((publication, index) => {
            const outcome = outcomes[index];
            if (outcome?.id !== publication.plan.id)
              violate(
                'publish-many',
                `outcome ${index} is of ${String(outcome?.id)}, not of ${publication.plan.id}`,
              );
            settle(
              publication,
              outcome === undefined ? 'missing' : outcome.ok ? 'ok' : outcome.error.code,
            );
          });
        },
        (error: unknown) => {
          if (closedBefore && codeOf(error) === 'closed')
            for (const publication of publications) settle(publication, 'closed');
          else violate('publish-many', `publishMany rejected: ${codeOf(error)}`);
        },
      );
      return;
    }
    for (const publication of publications) {
      const one = client.client.publish(
        channel,
        publication.body,
        settingsOf(publication.plan, client),
      );
      owe(client, 'publish', one);
      one.then(
        (published) => {
          if (published.id !== publication.plan.id)
            violate(
              'publish-id',
              `publish of ${publication.plan.id} resolved with id ${published.id}`,
            );
          settle(publication, 'ok');
        },
        (error: unknown) => {
          settle(publication, codeOf(error));
        },
      );
    }
  }

  function announce(client: AppClient, channel: ChannelPlan, message: MessagePlan): Publication {
    const body = bodyOf(channel, message);
    const publication: Publication = {
      plan: message,
      channel,
      client: client.state.process.name,
      index: (client.published += 1),
      calledAt: loop.now(),
      body,
      wireBody: codecs[channel.codec].encode(bodyOf(channel, message)),
      outcome: 'pending',
      firstStored: undefined,
    };
    monitor.ledger.addPublication(publication);
    trace?.add(
      `${publication.client} publishes ${message.id}${message.key === undefined ? '' : ` key ${message.key}`} to ${channel.name}`,
    );
    return publication;
  }

  function settingsOf(message: MessagePlan, client: AppClient): PublishSettings {
    const { id, key, headers, delayMs, timeoutMs, abortAfterMs } = message;
    let signal: AbortSignal | undefined;
    if (abortAfterMs !== undefined) {
      const controller = new AbortController();
      signal = controller.signal;
      if (abortAfterMs === 0) controller.abort();
      else
        loop.after(client.state.process, abortAfterMs, () => {
          controller.abort();
        });
    }
    return {
      id,
      ...(key === undefined ? {} : { key }),
      ...(headers === undefined ? {} : { headers }),
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  function checkTime(publication: Publication, client: AppClient): void {
    const bound =
      publication.plan.timeoutMs ?? settingsOfClient(client.state.index).publishTimeoutMs;
    const took = loop.now() - publication.calledAt;
    if (took > bound + slackMs)
      violate(
        'publish-time',
        `publish of ${publication.plan.id} took ${took} ms, its bound is ${bound}`,
      );
  }

  function consume(
    client: AppClient,
    name: string,
    channelName: string,
    group: string,
    how: How,
    options: ConsumerPlan,
  ): void {
    const channel = channelPlan(channelName);
    const state: ConsumerState = {
      name,
      client: client.state,
      channel,
      group,
      how,
      options,
      maxAttempts: channel.maxAttempts,
      concurrency: options.concurrency ?? defaultConcurrency,
      running: 0,
      paused: false,
      stopping: client.state.closeCalled,
      deadlineAt: Infinity,
      stopped: false,
    };
    const own: AppConsumer = { state, opened: undefined, iterator: undefined, failed: false };
    client.state.consumers.push(state);
    client.running.push(own);
    consumers.set(name, own);
    const step = channel.retryStepMs;
    const settings = {
      ...options,
      group,
      retry: {
        maxAttempts: channel.maxAttempts,
        ...(step === undefined ? {} : { delayMs: (attempt: number) => attempt * step }),
      },
    };
    const of = channels.get(channelName) as AnyChannel;
    trace?.add(`${name} begins on ${channelName}/${group} as ${how.kind}`);
    if (how.kind === 'pull') {
      own.iterator = client.client.receive(of, settings);
      void pullFrom(client, own, own.iterator, how.atOnce);
      return;
    }
    const opening =
      how.kind === 'each'
        ? client.client.consume(of, settings, handlers.each(state))
        : client.client.consumeBatch(
            of,
            { ...settings, max: how.max, waitMs: how.waitMs },
            handlers.batch(state),
          );
    owe(client, 'consume', opening);
    opening.then(
      (consumer) => {
        own.opened = consumer;
        owe(client, `done of ${name}`, consumer.done);
        consumer.done.catch((error: unknown) => {
          own.failed = true;
          state.stopping = true;
          state.deadlineAt = loop.now() + defaultDeadlineMs;
          if (!client.state.forbidden || codeOf(error) !== 'permission-denied')
            violate('done', `${name} gave up: ${codeOf(error)}`);
          if (finishing) keepReading();
        });
      },
      (error: unknown) => {
        trace?.add(`${name} could not begin: ${codeOf(error)}`);
        own.failed = true;
        state.stopping = true;
        state.stopped = true;
        if (finishing) keepReading();
        if (!isExpected(client, error))
          violate('consume-code', `consume for ${name} failed as '${codeOf(error)}'`);
        const quick = plan.clients.every((one) => one.operationTimeoutMs > 4 * roundTripMs(plan));
        if (plan.faults.length === 0 && quick && !client.state.closeCalled)
          violate(
            'consume',
            `${name} could not begin although nothing was wrong: ${codeOf(error)}`,
          );
      },
    );
  }

  async function pullFrom(
    client: AppClient,
    own: AppConsumer,
    iterator: AsyncIterableIterator<AnyDelivery>,
    atOnce: number,
  ): Promise<void> {
    const working = new Set<Promise<void>>();
    try {
      for (;;) {
        const next = iterator.next();
        owe(client, `next of ${own.state.name}`, next);
        const result = await next;
        if (result.done === true) break;
        const work = handlers.pulled(own.state, result.value).finally(() => working.delete(work));
        working.add(work);
        if (working.size >= atOnce) await Promise.race(working);
      }
    } catch (error) {
      trace?.add(`${own.state.name} ends: ${codeOf(error)}`);
      own.failed = true;
      if (!isExpected(client, error))
        violate('receive-code', `receive of ${own.state.name} failed as '${codeOf(error)}'`);
    }
    own.state.stopping = true;
    own.state.stopped = true;
    if (finishing) keepReading();
  }

  function stop(own: AppConsumer, deadlineMs: number): void {
    const { state } = own;
    const client = clientAt(state.client.index);
    if (state.stopping || state.client.process.frozen) return;
    if (own.iterator !== undefined) {
      trace?.add(`${state.name} leaves its loop`);
      state.stopping = true;
      state.deadlineAt = loop.now() + defaultDeadlineMs;
      for (const receipt of broker.receipts.all)
        if (receipt.consumer === state) receipt.running = false;
      const leaving = own.iterator.return?.() ?? Promise.resolve();
      owe(client, `return of ${state.name}`, leaving);
      leaving.then(
        () => {
          state.stopped = true;
        },
        (error: unknown) => {
          state.stopped = true;
          if (!isExpected(client, error))
            violate(
              'return-code',
              `leaving the loop of ${state.name} failed as '${codeOf(error)}'`,
            );
        },
      );
      return;
    }
    if (own.opened === undefined) return;
    trace?.add(`${state.name} stops within ${deadlineMs}`);
    state.stopping = true;
    state.deadlineAt = loop.now() + deadlineMs;
    const calledAt = loop.now();
    const stopping = own.opened.stop({ deadlineMs });
    owe(client, `stop of ${state.name}`, stopping);
    stopping.then(
      (report) => {
        state.stopped = true;
        trace?.add(`${state.name} has stopped: ${JSON.stringify(report)}`);
        const took = loop.now() - calledAt;
        if (took > deadlineMs + slackMs)
          violate(
            'stop-time',
            `stop of ${state.name} took ${took} ms, its deadline was ${deadlineMs}`,
          );
        checkStranded(state, report);
      },
      (error: unknown) => {
        violate('stop', `stop of ${state.name} rejected: ${codeOf(error)}`);
      },
    );
  }

  /** What a stopped consumer still holds at the broker must be in its report. */
  function checkStranded(state: ConsumerState, report: StopReport): void {
    if (plan.mode !== 'pull') return; // elsewhere the end of the connection gives everything back
    let stranded = 0;
    let excused = false;
    let example = '';
    for (const receipt of broker.receipts.all) {
      const { receiver } = receipt;
      if (
        receiver.client !== state.client ||
        receiver.channel !== state.channel ||
        receiver.group !== state.group
      )
        continue;
      if (
        receiver.consumer !== state &&
        state.client.consumers.some(
          (other) =>
            other !== state && other.group === state.group && other.channel === state.channel,
        )
      )
        continue;
      if (receiver.tainted) excused = true;
      if (
        receipt.state !== 'held' ||
        receipt.tainted ||
        receipt.action !== undefined ||
        receipt.fate.disturbed ||
        isOver(receipt, loop.now())
      )
        continue;
      stranded += 1;
      example = `${receipt.fate.id}#${receipt.number}`;
    }
    if (!excused && stranded > report.abandoned)
      violate(
        'stranded',
        `${state.name} has stopped and reports ${report.abandoned} abandoned; it still holds ${stranded}, ${example} for one`,
      );
  }

  function close(client: AppClient, deadlineMs: number | undefined): void {
    const { state } = client;
    if (state.process.frozen || state.closeCalled) return;
    trace?.add(`${state.process.name} closes within ${deadlineMs ?? defaultDeadlineMs}`);
    state.closeCalled = true;
    const bound = deadlineMs ?? defaultDeadlineMs;
    for (const consumer of state.consumers) {
      consumer.stopping = true;
      consumer.deadlineAt = Math.min(consumer.deadlineAt, loop.now() + bound);
    }
    const calledAt = loop.now();
    const closing = client.client.close(deadlineMs === undefined ? {} : { deadlineMs });
    owe(client, 'close', closing);
    closing.then(
      () => {
        state.closed = true;
        trace?.add(`${state.process.name} is closed`);
        for (const consumer of state.consumers) consumer.stopped = true;
        const took = loop.now() - calledAt;
        if (took > bound + slackMs)
          violate(
            'close-time',
            `close of ${state.process.name} took ${took} ms, its deadline was ${bound}`,
          );
        loop.after(state.process, slackMs, () => {
          checkClosed(client);
        });
      },
      (error: unknown) => {
        violate('close', `close of ${state.process.name} rejected: ${codeOf(error)}`);
      },
    );
  }

  function checkClosed({ state }: AppClient): void {
    const name = state.process.name;
    if (state.process.timers > 0)
      violate(
        'timers',
        `${name} is closed, and ${state.process.timers} of its timers are still set`,
      );
    if (!state.driverClosed) violate('driver-close', `${name} is closed, and its driver is not`);
    for (const what of ['publish', 'publishMany', 'consume']) {
      if ((state.owed.get(what) ?? 0) > 0)
        violate(
          'unsettled',
          `${name} is closed, and ${String(state.owed.get(what))} promises of ${what} have not settled`,
        );
    }
  }

  function crash(client: AppClient): void {
    const { state, wires } = client;
    if (state.process.frozen || state.closed) return;
    trace?.add(`${state.process.name} crashes`);
    state.process.frozen = true;
    for (const receipt of broker.receipts.all) {
      if (receipt.receiver.client !== state) continue;
      receipt.tainted = true;
      receipt.receiver.tainted = true;
      receipt.running = false;
    }
    for (const wire of [...wires.senders, ...wires.receivers]) wire.crash(random.int(3_000));
  }

  function withConsumer(name: string, action: (own: AppConsumer, opened: Consumer) => void): void {
    const own = consumers.get(name);
    if (own?.opened === undefined || own.state.client.process.frozen || own.state.stopping) return;
    action(own, own.opened);
  }

  function isReading(channel: ChannelPlan, group: string): boolean {
    return clients.some(
      ({ state, running }) =>
        !state.process.frozen &&
        !state.closeCalled &&
        running.some(
          (own) =>
            own.state.channel === channel &&
            own.state.group === group &&
            !own.state.stopping &&
            !own.failed,
        ),
    );
  }

  /** Where nobody reads any more, somebody new does: what is left must not be left for want of a reader. */
  function keepReading(): void {
    const idle = plan.channels.flatMap((channel) =>
      channel.groups
        .filter((group) => !isReading(channel, group))
        .map((group) => ({ channel, group })),
    );
    if (idle.length === 0) return;
    const last = clientAt(clients.length);
    for (const { channel, group } of idle)
      consume(
        last,
        `last-${channel.name}-${group}`,
        channel.name,
        group,
        { kind: 'each' },
        { checkpointMs: 100 },
      );
  }

  return {
    clients,
    perform(step) {
      switch (step.do) {
        case 'publish': {
          const client = clientAt(step.client);
          if (!client.state.process.frozen) publish(client, step.channel, step.messages, step.many);
          return;
        }
        case 'consume': {
          const client = clientAt(step.client);
          if (!client.state.process.frozen && !client.state.closeCalled)
            consume(client, step.consumer, step.channel, step.group, step.how, step.options);
          return;
        }
        case 'stop': {
          const own = consumers.get(step.consumer);
          if (own !== undefined) stop(own, step.deadlineMs);
          return;
        }
        case 'pause':
        case 'resume':
          withConsumer(step.consumer, (own, opened) => {
            trace?.add(`${step.consumer} ${step.do}`);
            own.state.paused = step.do === 'pause';
            opened[step.do]();
          });
          return;
        case 'concurrency':
          withConsumer(step.consumer, (own, opened) => {
            const { state } = own;
            state.concurrency = Math.max(state.concurrency, step.concurrency);
            loop.after(state.client.process, decodingMs(state.channel), () => {
              state.concurrency = step.concurrency;
            });
            opened.setConcurrency(step.concurrency);
          });
          return;
        case 'close':
          close(clientAt(step.client), step.deadlineMs);
          return;
        case 'crash':
          crash(clientAt(step.client));
          return;
        case 'foreign':
          broker.store({ channel: step.channel, role: 'main' }, foreignMessage(step), step.kind);
      }
    },
    finish() {
      for (const { state, running } of clients) {
        if (state.process.frozen || state.closeCalled) continue;
        for (const own of running) {
          if (own.state.paused && !own.state.stopping) {
            own.state.paused = false;
            own.opened?.resume();
          }
        }
      }
      finishing = true;
      keepReading();
    },
    isAnswered: () =>
      clients.every(
        ({ state }) =>
          state.process.frozen ||
          ['publish', 'publishMany', 'consume'].every((what) => (state.owed.get(what) ?? 0) === 0),
      ),
    closeAll() {
      finishing = false;
      for (const client of clients) close(client, undefined);
    },
    isClosed: () =>
      clients.every(
        ({ state }) =>
          state.process.frozen ||
          (state.closed &&
            state.openConnections === 0 &&
            [...state.owed.values()].every((count) => count === 0)),
      ),
    describe: () =>
      clients
        .filter(({ state }) => !state.process.frozen)
        .flatMap(({ state }) => {
          const owed = [...state.owed]
            .filter(([, count]) => count > 0)
            .map(([what, count]) => `${count} ${what}`);
          if (state.closeCalled && state.openConnections > 0)
            owed.push(`${state.openConnections} open connections`);
          return owed.length === 0 ? [] : [`${state.process.name}: ${owed.join(', ')}`];
        })
        .join('; '),
  };
}

/** As far as core can know, its lease is over, and with it what core could report of it. */
function isOver(receipt: Receipt, now: number): boolean {
  return (
    receipt.lapsed || (receipt.knownLeaseUntil !== undefined && now >= receipt.knownLeaseUntil)
  );
}

function bodyOf(channel: ChannelPlan, message: MessagePlan): unknown {
  const text = `${message.id} ${'x'.repeat(message.size)}`;
  switch (channel.codec) {
    case 'json':
      return { id: message.id, text };
    case 'text':
      return text;
    case 'bytes':
      return new TextEncoder().encode(text);
    default:
      return channel.codec satisfies never;
  }
}

function foreignMessage(step: Extract<Step, { do: 'foreign' }>): Parameters<Broker['store']>[1] {
  return {
    id: step.id,
    channel: step.channel,
    key: step.key,
    headers: new Map(step.kind === 'control' ? [['imctl', 'fence']] : []),
    body: '{"not json',
  };
}
