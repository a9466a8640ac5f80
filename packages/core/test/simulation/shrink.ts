import type { Act, ConsumerPlan, Fault, MessagePlan, Plan, Step } from './plan.ts';

/** Whether a plan still shows what is looked for. */
export type Shows = (plan: Plan) => Promise<boolean>;

/** Runs that a shrink may take. */
const defaultBudget = 3_000;

/** A smaller plan that still shows it: parts are left out, in halves first and then one by one, until nothing can go. */
export async function shrink(
  plan: Plan,
  shows: Shows,
  budget: number = defaultBudget,
): Promise<Plan> {
  let best = plan;
  let runs = 0;

  async function attempt(candidate: Plan): Promise<boolean> {
    if (runs >= budget || JSON.stringify(candidate) === JSON.stringify(best)) return false;
    runs += 1;
    if (!(await shows(candidate))) return false;
    best = candidate;
    return true;
  }

  async function without<T>(
    read: (from: Plan) => readonly T[],
    write: (into: Plan, items: readonly T[]) => Plan,
  ): Promise<boolean> {
    let smaller = false;
    for (
      let size = Math.ceil(read(best).length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < read(best).length;) {
        const items = read(best);
        const rest = [...items.slice(0, from), ...items.slice(from + size)];
        if (await attempt(write(best, rest))) smaller = true;
        else from += size;
      }
    }
    return smaller;
  }

  async function once(): Promise<boolean> {
    let smaller = await without<Fault>(
      (from) => from.faults,
      (into, faults) => ({ ...into, faults }),
    );
    smaller =
      (await without<Step>(
        (from) => from.steps,
        (into, steps) => ({ ...into, steps }),
      )) || smaller;
    for (const [index, step] of best.steps.entries()) {
      if (step.do !== 'publish' || step.messages.length < 2) continue;
      const change = await without<MessagePlan>(
        (from) => messagesAt(from, index),
        (into, messages) =>
          messages.length === 0 ? into : withStep(into, index, { ...step, messages }),
      );
      smaller = change || smaller;
    }
    for (const candidate of simpler(best)) smaller = (await attempt(candidate(best))) || smaller;
    return smaller;
  }

  let smaller = true;
  while (smaller) smaller = await once();
  return best;
}

function messagesAt(plan: Plan, index: number): readonly MessagePlan[] {
  const step = plan.steps[index];
  return step?.do === 'publish' ? step.messages : [];
}

function withStep(plan: Plan, index: number, step: Step): Plan {
  return { ...plan, steps: plan.steps.with(index, step) };
}

/** Changes that make a plan easier to read; each is tried on whatever the plan is by then. */
function simpler(plan: Plan): ((plan: Plan) => Plan)[] {
  const changes: ((plan: Plan) => Plan)[] = [
    (from) => ({ ...from, network: { maxMs: 0, slowOneIn: 0, slowMs: 0 } }),
    (from) => ({ ...from, network: { ...from.network, slowOneIn: 0 } }),
    (from) => ({ ...from, network: { ...from.network, maxMs: 2 } }),
    (from) => ({ ...from, channels: from.channels.slice(0, 1) }),
    (from) => ({
      ...from,
      channels: from.channels.map((channel) => ({
        ...channel,
        groups: channel.groups.slice(0, 1),
      })),
    }),
    (from) => ({
      ...from,
      channels: from.channels.map((channel) => ({ ...channel, codec: 'json' })),
    }),
    (from) => ({ ...from, clients: from.clients.slice(0, 1) }),
    (from) => ({ ...from, clients: from.clients.map(() => calmClient) }),
    (from) => ({
      ...from,
      clients: from.clients.map((client) => ({ ...client, observed: false, middleware: false })),
    }),
    (from) => ({
      ...from,
      broker: {
        ...from.broker,
        send: { maxBatchCount: 10, maxBatchBytes: 262_144, maxInFlight: 1, lingerMs: 0 },
      },
    }),
    (from) => ({
      ...from,
      broker: {
        ...from.broker,
        receive: { ...from.broker.receive, settleLingerMs: 0, maxConcurrentReceives: 1 },
      },
    }),
    (from) => ({
      ...from,
      broker: {
        ...from.broker,
        receive: { ...from.broker.receive, maxPerReceive: 10, maxPerSettle: 10 },
      },
    }),
  ];
  for (const [index, step] of plan.steps.entries()) {
    if (step.do === 'consume') {
      for (const name of Object.keys(step.options) as (keyof ConsumerPlan)[])
        changes.push((from) => withoutOption(from, index, name));
      changes.push((from) => withStep(from, index, { ...step, how: { kind: 'each' } }));
    }
    if (step.do === 'publish') {
      changes.push((from) =>
        withStep(from, index, { ...step, messages: messagesAt(from, index), many: false }),
      );
      for (const message of step.messages) {
        for (const reduce of [bare, calmActs, fewerActs])
          changes.push((from) => withMessage(from, index, message.id, reduce));
      }
    }
    if (step.at > 0) {
      changes.push(
        (from) => moved(from, index, 0),
        (from) => moved(from, index, Math.floor(step.at / 2)),
      );
    }
  }
  return changes;
}

const calmClient = {
  publishTimeoutMs: 30_000,
  operationTimeoutMs: 30_000,
  maxPendingMessages: 10_000,
  maxPendingBytes: 1_000_000,
  observed: false,
  middleware: false,
};

function withoutOption(plan: Plan, index: number, name: keyof ConsumerPlan): Plan {
  const step = plan.steps[index];
  if (step?.do !== 'consume') return plan;
  const { [name]: _, ...options } = step.options;
  return withStep(plan, index, { ...step, options });
}

function withMessage(
  plan: Plan,
  index: number,
  id: string,
  reduce: (message: MessagePlan) => MessagePlan,
): Plan {
  const step = plan.steps[index];
  if (step?.do !== 'publish') return plan;
  return withStep(plan, index, {
    ...step,
    messages: step.messages.map((message) => (message.id === id ? reduce(message) : message)),
  });
}

/** Steps stay sorted by time, so one can only move as far as its neighbour. */
function moved(plan: Plan, index: number, at: number): Plan {
  const step = plan.steps[index];
  if (step === undefined) return plan;
  const earliest = plan.steps[index - 1]?.at ?? 0;
  return withStep(plan, index, { ...step, at: Math.max(earliest, at) });
}

function bare(message: MessagePlan): MessagePlan {
  const { id, key, acts, delayMs } = message;
  return {
    id,
    ...(key === undefined ? {} : { key }),
    size: 0,
    ...(delayMs === undefined ? {} : { delayMs }),
    acts,
  };
}

function calmActs(message: MessagePlan): MessagePlan {
  return { ...message, acts: [] };
}

function fewerActs(message: MessagePlan): MessagePlan {
  return {
    ...message,
    acts: message.acts.map((act): Act => ({ ...act, ms: Math.min(act.ms, 10) })),
  };
}
