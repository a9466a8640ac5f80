import { generateFaults } from './generate-faults.ts';
import type {
  Act,
  BrokerPlan,
  ChannelPlan,
  ClientPlan,
  ConsumerPlan,
  How,
  MessagePlan,
  Mode,
  NetworkPlan,
  Plan,
  ReceivePlan,
  SendPlan,
  Step,
} from './plan.ts';
import { createRandom, type Random } from './random.ts';

/** What kind of run this is: each seed uses only some of what can happen, so that rare things meet. */
interface Mood {
  readonly spanMs: number;
  readonly messages: number;
  readonly failing: number;
  readonly slow: boolean;
  readonly stops: boolean;
  readonly pauses: boolean;
  readonly closes: boolean;
  readonly crashes: boolean;
  readonly batches: boolean;
  readonly pulls: boolean;
  readonly foreign: boolean;
  readonly timeouts: boolean;
  readonly aborts: boolean;
}

/** The whole plan of a run, from its mode and seed. */
export function generatePlan(mode: Mode, seed: number): Plan {
  const random = createRandom(seed).fork(mode);
  const mood: Mood = {
    spanMs: random.pick([200, 2_000, 10_000, 40_000]),
    messages: 1 + Math.min(random.int(60), random.int(60)),
    failing: random.pick([0, 0.1, 0.3, 0.6]),
    slow: random.chance(0.3),
    stops: random.chance(0.4),
    pauses: random.chance(0.2),
    closes: random.chance(0.25),
    crashes: random.chance(0.2),
    batches: random.chance(0.3),
    pulls: random.chance(0.3),
    foreign: random.chance(0.15),
    timeouts: random.chance(0.25),
    aborts: random.chance(0.15),
  };
  const broker = brokerOf(mode, random);
  const network = networkOf(random);
  const channels = channelsOf(mode, broker, random);
  const count = 1 + random.int(3);
  const clients = Array.from({ length: count }, () => clientOf(random));
  const steps = stepsOf(broker, channels, count, mood, random);
  const faults = random.chance(0.25)
    ? []
    : generateFaults(mode, count, mood.messages, mood.spanMs, random);
  return { mode, seed, broker, network, channels, clients, steps, faults };
}

function brokerOf(mode: Mode, random: Random): BrokerPlan {
  const send: SendPlan = {
    maxBatchCount: mode === 'pull' ? 10 : random.pick([1, 2, 10, 500]),
    maxBatchBytes: random.pick([150, 1_000, 262_144]),
    maxInFlight: random.pick([1, 2, 8, 64]),
    lingerMs: random.pick([0, 0, 5, 20]),
  };
  const receive: ReceivePlan = {
    maxPerReceive: mode === 'pull' ? random.pick([1, 10]) : random.pick([1, 10, 1_000]),
    maxConcurrentReceives: mode === 'pull' ? random.pick([1, 2, 4]) : 1,
    maxWaitMs: random.pick([1_000, 20_000]),
    maxPerSettle: mode === 'pull' ? 10 : random.pick([1, 10, 1_000]),
    settleLingerMs: random.pick([0, 0, 10, 50]),
  };
  switch (mode) {
    case 'pull':
      return {
        kind: 'pull',
        fifo: random.chance(0.6),
        leaseMs: random.pick([2_000, 10_000, 30_000]),
        endsAbandonedPolls: random.chance(0.5),
        send,
        receive,
      };
    case 'push':
      return {
        kind: 'push',
        exclusive: random.pick(['queue', 'queue', 'key', 'none']),
        attempts: random.pick(['broker', 'local']),
        ackConfirmed: random.chance(0.3),
        ...(random.chance(0.2) ? { transactions: true } : {}),
        send,
        receive,
      };
    case 'log':
      return {
        kind: 'log',
        shards: 1 + random.int(3),
        workerTimeoutMs: random.pick([500, 5_000]),
        handOverMs: random.pick([1_000, 10_000, 60_000]),
        send,
        receive,
      };
    default:
      return mode satisfies never;
  }
}

function networkOf(random: Random): NetworkPlan {
  return {
    maxMs: random.pick([0, 2, 20, 80]),
    slowOneIn: random.pick([0, 0, 0, 20, 100]),
    slowMs: random.pick([200, 3_000]),
  };
}

function channelsOf(mode: Mode, broker: BrokerPlan, random: Random): ChannelPlan[] {
  const ordered =
    broker.kind === 'log' || (broker.kind === 'pull' ? broker.fifo : broker.exclusive !== 'none');
  return Array.from({ length: random.chance(0.2) ? 2 : 1 }, (_, index): ChannelPlan => {
    const groups = mode !== 'pull' && random.chance(0.25) ? ['billing', 'shipping'] : ['billing'];
    return {
      name: index === 0 ? 'orders' : 'events',
      order: ordered && random.chance(0.9) ? 'key' : 'none',
      codec: random.pick(['json', 'json', 'text', 'bytes']),
      groups,
      maxAttempts: 1 + random.int(5),
      ...(random.chance(0.15) ? { asyncSchema: true } : {}),
      ...(random.chance(0.7) ? { retryStepMs: random.pick([0, 20, 300, 4_000]) } : {}),
    };
  });
}

function clientOf(random: Random): ClientPlan {
  return {
    publishTimeoutMs: random.pick([300, 3_000, 30_000, 30_000]),
    operationTimeoutMs: random.pick([1_000, 5_000, 30_000]),
    maxPendingMessages: random.pick([1, 5, 10_000, 10_000]),
    maxPendingBytes: random.pick([300, 1_000_000]),
    observed: random.chance(0.3),
    middleware: random.chance(0.15),
  };
}

function stepsOf(
  broker: BrokerPlan,
  channels: readonly ChannelPlan[],
  clients: number,
  mood: Mood,
  random: Random,
): Step[] {
  const steps: Step[] = [];
  const at = (): number => random.int(mood.spanMs + 1);
  const late = (from: number): number => from + random.int(Math.max(1, mood.spanMs - from));
  let consumers = 0;
  let messages = 0;

  function consume(client: number, channel: ChannelPlan, group: string, from: number): void {
    const consumer = `consumer${(consumers += 1)}`;
    steps.push({
      at: from,
      do: 'consume',
      client,
      consumer,
      channel: channel.name,
      group,
      how: howOf(mood, random),
      options: consumerOf(broker, mood, random),
    });
    if (mood.pauses && random.chance(0.5)) {
      const pausedAt = late(from);
      steps.push(
        { at: pausedAt, do: 'pause', consumer },
        { at: late(pausedAt), do: 'resume', consumer },
      );
    }
    if (random.chance(0.1))
      steps.push({ at: late(from), do: 'concurrency', consumer, concurrency: 1 });
    if (!mood.stops || !random.chance(0.6)) return;
    const stoppedAt = late(from);
    steps.push({
      at: stoppedAt,
      do: 'stop',
      consumer,
      deadlineMs: random.pick([0, 500, 5_000, 30_000]),
    });
    if (random.chance(0.7)) consume(client, channel, group, late(stoppedAt));
  }

  function message(channel: ChannelPlan): MessagePlan {
    const keys = 1 + (mood.messages % 4);
    const keyed = random.chance(channel.order === 'key' ? 0.9 : 0.4);
    const delays =
      broker.kind === 'pull' ? !broker.fifo : broker.kind === 'push' && broker.exclusive === 'none';
    return {
      id: `m${(messages += 1)}`,
      ...(keyed ? { key: `k${random.int(keys)}` } : {}),
      size: random.pick([0, 10, 10, 100]),
      ...(random.chance(0.2)
        ? { headers: { colour: random.pick(['red', 'blau']), 'x-empty': '' } }
        : {}),
      ...(delays && random.chance(0.25) ? { delayMs: random.pick([50, 1_000, 8_000]) } : {}),
      ...(mood.timeouts && random.chance(0.2) ? { timeoutMs: random.pick([1, 50, 1_000]) } : {}),
      ...(mood.aborts && random.chance(0.3) ? { abortAfterMs: random.pick([0, 1, 30, 500]) } : {}),
      acts: actsOf(mood, random),
    };
  }

  for (const channel of channels) {
    for (const group of channel.groups) {
      const count = 1 + random.int(3);
      for (let index = 0; index < count; index += 1) {
        consume(random.int(clients), channel, group, random.chance(0.6) ? 0 : at());
      }
    }
  }
  while (messages < mood.messages) {
    const channel = random.pick(channels);
    const together = random.pick([1, 1, 2, 5, 12]);
    const group = Array.from({ length: together }, () => message(channel));
    steps.push({
      at: at(),
      do: 'publish',
      client: random.int(clients),
      channel: channel.name,
      messages: group,
      many: random.chance(0.25),
    });
  }
  if (mood.foreign) {
    const channel = random.pick(channels);
    const kinds =
      channel.codec === 'json'
        ? (['garbage', 'undecodable', 'control'] as const)
        : (['undecodable', 'control'] as const);
    for (let index = random.int(3); index >= 0; index -= 1) {
      steps.push({
        at: at(),
        do: 'foreign',
        channel: channel.name,
        id: `f${index}`,
        ...(random.chance(0.7) ? { key: 'k0' } : {}),
        kind: random.pick(kinds),
      });
    }
  }
  if (mood.closes) {
    const client = random.int(clients);
    // Close beside a publish, so that the two race.
    const closedAt = random.chance(0.5)
      ? (steps.filter((step) => step.do === 'publish').at(-1)?.at ?? at())
      : at();
    steps.push({
      at: closedAt,
      do: 'close',
      client,
      ...(random.chance(0.7) ? { deadlineMs: random.pick([0, 200, 5_000]) } : {}),
    });
  }
  if (mood.crashes) steps.push({ at: at(), do: 'crash', client: random.int(clients) });
  // In a stable order: what is due at one time happens as it was written.
  return steps
    .map((step, index) => ({ step, index }))
    .sort((left, right) => left.step.at - right.step.at || left.index - right.index)
    .map(({ step }) => step);
}

function howOf(mood: Mood, random: Random): How {
  if (mood.batches && random.chance(0.5))
    return { kind: 'batch', max: random.pick([1, 3, 10]), waitMs: random.pick([0, 20, 500]) };
  if (mood.pulls && random.chance(0.5)) return { kind: 'pull', atOnce: random.pick([1, 3]) };
  return { kind: 'each' };
}

function consumerOf(broker: BrokerPlan, mood: Mood, random: Random): ConsumerPlan {
  const concurrency = random.pick([1, 2, 5, 16]);
  return {
    concurrency,
    ...(random.chance(0.5) ? { prefetch: concurrency + random.int(12) } : {}),
    ...(mood.slow && random.chance(0.4)
      ? { handlerTimeoutMs: random.pick([100, 1_000, 5_000]) }
      : {}),
    ...(random.chance(0.6) ? { localRetryMaxMs: random.pick([0, 100, 1_000, 10_000]) } : {}),
    ...(broker.kind === 'log' ? { checkpointMs: random.pick([0, 50, 1_000]) } : {}),
    ...(broker.kind === 'pull' && random.chance(0.3)
      ? { leaseMs: random.pick([2_000, 5_000, 20_000]) }
      : {}),
  };
}

function actsOf(mood: Mood, random: Random): Act[] {
  const acts: Act[] = [];
  while (random.chance(mood.failing) && acts.length < 8) acts.push(troubleOf(mood, random));
  acts.push(
    random.chance(mood.slow ? 0.1 : 0.3)
      ? { kind: 'ok', ms: 0 }
      : { kind: 'ok', ms: workMs(mood, random) },
  );
  return acts;
}

function workMs(mood: Mood, random: Random): number {
  return mood.slow && random.chance(0.2)
    ? random.pick([2_000, 12_000, 45_000])
    : random.pick([0, 1, 10, 40, 200]);
}

function troubleOf(mood: Mood, random: Random): Act {
  const ms = workMs(mood, random);
  switch (random.int(8)) {
    case 0:
      return { kind: 'reject', ms, by: random.pick(['throw', 'call']) };
    case 1:
      return {
        kind: 'retry',
        ms,
        ...(random.chance(0.7) ? { delayMs: random.pick([0, 100, 2_000]) } : {}),
      };
    case 2:
      return { kind: 'ack-early', ms };
    case 3:
      return { kind: 'hang', ms: mood.slow ? 40_000 : 2_000, end: random.pick(['ok', 'throw']) };
    case 4:
      return { kind: 'extend', ms, leaseMs: random.pick([500, 5_000, 40_000]) };
    default:
      return { kind: 'throw', ms, ...(random.chance(0.3) ? { mutate: true } : {}) };
  }
}
