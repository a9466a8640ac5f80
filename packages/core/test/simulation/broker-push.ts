import type {
  Prepared,
  Receiver,
  ReceiverOptions,
  SettleOutcome,
  Settlement,
  WireDelivery,
  WireMessage,
} from '../../src/driver.ts';
import { IntermodalError } from '../../src/error.ts';
import type { BrokerKind } from './broker.ts';
import type { ChannelPlan, PushBroker } from './plan.ts';
import { createRandom } from './random.ts';
import { copyOf, type Receipts } from './receipts.ts';
import type { ClientState, Receipt, ReceiverState, StoredMessage } from './records.ts';
import { createWire, type Wire } from './wire.ts';
import type { World } from './world.ts';

interface Entry {
  readonly stored: StoredMessage;
  /** Deliveries that count: giving back is free. */
  attempts: number;
  /** Nobody gets it before. */
  readonly notBefore: number;
  receipt: Receipt | undefined;
}

/** One consumer of a queue, at the broker. */
interface Subscription {
  readonly state: ReceiverState;
  readonly push: (receipt: Receipt) => void;
  unacked: number;
}

interface Queue {
  readonly channel: ChannelPlan;
  readonly group: string;
  /** In order of arrival; what comes back takes its old place. */
  entries: Entry[];
  subscriptions: Subscription[];
  /** Which of them a key belongs to. */
  readonly owners: Map<string, Subscription>;
}

const refusal: SettleOutcome = {
  failed: new IntermodalError('rejected', 'the transaction was refused'),
};

function unanswered(cause: IntermodalError): IntermodalError {
  return new IntermodalError('unavailable', 'no answer to a settlement', { cause });
}

function prepareDeadLetter(message: WireMessage): Prepared {
  return { bytes: message.body.length, lane: undefined, payload: copyOf(message) };
}

/** Like RabbitMQ: pushes up to the prefetch, knows no lease, and takes back everything unsettled when a connection is gone. */
export function createPushBroker(world: World, receipts: Receipts, plan: PushBroker): BrokerKind {
  const { loop, monitor, faults, trace } = world;
  const queues = new Map<string, Queue>();
  const chance = world.random.fork('queue');
  for (const channel of world.plan.channels) {
    for (const group of channel.groups) {
      queues.set(`${channel.name}/${group}`, {
        channel,
        group,
        entries: [],
        subscriptions: [],
        owners: new Map(),
      });
    }
  }

  function hasCredit(subscription: Subscription): boolean {
    return subscription.unacked < subscription.state.prefetch;
  }

  function consumerFor(queue: Queue, entry: Entry): Subscription | undefined {
    const free = queue.subscriptions.filter(hasCredit);
    const { key } = entry.stored.message;
    if (plan.exclusive === 'none' || (plan.exclusive === 'key' && key === undefined)) {
      return free.length === 0 ? undefined : chance.pick(free);
    }
    if (plan.exclusive === 'queue') {
      // A single active consumer: the first, until it is gone.
      const active = queue.subscriptions[0];
      return active !== undefined && hasCredit(active) ? active : undefined;
    }
    const owner = queue.owners.get(key ?? '');
    if (owner !== undefined) return hasCredit(owner) ? owner : undefined;
    if (free.length === 0) return undefined;
    const chosen = chance.pick(free);
    queue.owners.set(key ?? '', chosen);
    return chosen;
  }

  function serve(queue: Queue): void {
    const blocked = new Set<string>();
    for (const entry of queue.entries) {
      if (entry.receipt !== undefined || entry.notBefore > loop.now()) continue;
      const { key } = entry.stored.message;
      if (plan.exclusive === 'key' && key !== undefined && blocked.has(key)) continue;
      const subscription = consumerFor(queue, entry);
      if (subscription !== undefined) {
        deliver(queue, subscription, entry);
        continue;
      }
      if (plan.exclusive !== 'key') return;
      if (key !== undefined) blocked.add(key);
    }
  }

  function deliver(queue: Queue, subscription: Subscription, entry: Entry): void {
    entry.attempts += 1;
    subscription.unacked += 1;
    const lane = plan.exclusive === 'none' ? undefined : entry.stored.message.key;
    const attempt = plan.attempts === 'broker' ? entry.attempts : undefined;
    const receipt = receipts.issue(subscription.state, entry.stored, lane, attempt);
    entry.receipt = receipt;
    trace?.add(
      `broker pushes ${receipt.fate.id} of ${queue.group} to receiver ${subscription.state.number} as receipt ${receipt.number}`,
    );
    subscription.push(receipt);
  }

  function requeue(queue: Queue, entry: Entry): void {
    entry.receipt = undefined;
    if (plan.exclusive !== 'none') return;
    // Where nothing is ordered, what comes back may take any place.
    queue.entries = queue.entries.filter((one) => one !== entry);
    queue.entries.splice(chance.int(queue.entries.length + 1), 0, entry);
  }

  function leave(queue: Queue, subscription: Subscription): void {
    queue.subscriptions = queue.subscriptions.filter((one) => one !== subscription);
    for (const [key, owner] of queue.owners) if (owner === subscription) queue.owners.delete(key);
    for (const entry of [...queue.entries]) {
      const { receipt } = entry;
      if (receipt === undefined || receipt.receiver !== subscription.state) continue;
      // What core never had is free; what it had and did not settle is a delivery that failed.
      if (!receipt.handed) entry.attempts -= 1;
      receipts.lose(receipt);
      requeue(queue, entry);
    }
    serve(queue);
  }

  function settleOne(
    queue: Queue,
    subscription: Subscription,
    settlement: Settlement,
  ): SettleOutcome {
    const receipt = receipts.of(settlement.token);
    const entry = queue.entries.find((one) => one.receipt === receipt);
    if (receipt === undefined || entry === undefined || receipt.state !== 'held')
      return receipt?.state === 'settled' ? 'done' : 'lost';
    receipt.state = 'settled';
    subscription.unacked -= 1;
    switch (settlement.action) {
      case 'ack':
        queue.entries = queue.entries.filter((one) => one !== entry);
        break;
      case 'release':
        entry.attempts -= 1;
        requeue(queue, entry);
        break;
      case 'retry':
        requeue(queue, entry);
        break;
      case 'reject': {
        const message = settlement.deadLetter.payload as WireMessage;
        trace?.add(`dead letter ${message.id} of ${queue.channel.name}/${queue.group}, and acked`);
        monitor.publish.deadLettered(queue.channel, queue.group, message);
        queue.entries = queue.entries.filter((one) => one !== entry);
        break;
      }
    }
    serve(queue);
    return 'done';
  }

  function openReceiver(
    client: ClientState,
    channel: ChannelPlan,
    group: string,
    options: ReceiverOptions,
    name: string,
    wires: Set<Wire>,
  ): Receiver {
    const queue = queues.get(`${channel.name}/${group}`) as Queue;
    const state = receipts.receiver(client, channel, group, options.prefetch, undefined);
    /** Pushed, and not asked for yet. */
    const buffer: Receipt[] = [];
    let waiting:
      | { readonly max: number; readonly answer: (given: readonly Receipt[]) => void }
      | undefined;
    const wire = createWire(world, {
      name,
      client,
      ordered: true,
      onCut() {
        state.tainted = true;
      },
      onBrokerLoss() {
        state.gone = true;
        wires.delete(wire);
        leave(queue, subscription);
      },
      onClientLoss() {
        receipts.tellDead(state);
      },
    });
    wires.add(wire);
    const subscription: Subscription = {
      state,
      unacked: 0,
      push(receipt) {
        wire.toClient(() => {
          buffer.push(receipt);
          if (waiting === undefined) return;
          const { max, answer } = waiting;
          waiting = undefined;
          answer(buffer.splice(0, max));
        });
      },
    };
    wire.toBroker(() => {
      if (state.closeCalled || state.gone) return;
      queue.subscriptions.push(subscription);
      serve(queue);
    });

    function receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]> {
      monitor.receivers.receiveCalled(
        state,
        max,
        plan.receive.maxPerReceive,
        plan.receive.maxConcurrentReceives,
      );
      const fault = faults.next('receive');
      trace?.add(
        `${name} receive up to ${max}${fault === undefined ? '' : ` fault ${fault.effect}`}`,
      );
      const answered = wire.call<readonly Receipt[] | IntermodalError>(
        undefined,
        (error) => error,
        (answer) => {
          if (fault !== undefined) {
            wire.cut(wire.random.int(2_000), wire.random.int(2_000));
            return;
          }
          if (buffer.length > 0) {
            answer(buffer.splice(0, max));
            return;
          }
          if (stop.aborted) {
            answer([]);
            return;
          }
          const over = (): void => {
            if (waiting === mine) waiting = undefined;
            mine.answer([]);
          };
          const cancel = loop.after(client.process, plan.receive.maxWaitMs, over);
          const mine = {
            max,
            answer(given: readonly Receipt[]) {
              cancel();
              answer(given);
            },
          };
          waiting = mine;
          stop.addEventListener('abort', over, { once: true });
        },
      );
      return answered.then((result) => {
        state.requested -= max;
        state.receives -= 1;
        if (result instanceof IntermodalError) throw result;
        trace?.add(
          `${name} brings [${result.map((receipt) => `${receipt.fate.id}#${receipt.number}`).join(' ')}]`,
        );
        return result.map((receipt) => receipts.hand(receipt));
      });
    }

    function settle(
      batch: readonly Settlement[],
      signal: AbortSignal,
    ): Promise<readonly SettleOutcome[]> {
      const of = receipts.ofBatch(batch);
      monitor.receivers.settleCalled(state, batch, of, plan.receive.maxPerSettle, loop.now());
      const fault = faults.next('settle');
      trace?.add(
        `${name} settle [${batch.map((one, index) => `${one.action} ${of[index]?.fate.id ?? ''}#${of[index]?.number ?? 0}`).join(', ')}]${fault === undefined ? '' : ` fault ${fault.effect}`}`,
      );
      const answered = wire.call<readonly SettleOutcome[]>(
        signal,
        // Without an answer it may or may not have happened; without a connection it is over.
        (cause) => batch.map(() => (wire.open ? { failed: unanswered(cause) } : 'lost')),
        (answer) => {
          const random = createRandom((fault?.salt ?? 0) + world.plan.seed);
          // A channel that is told nonsense, or a network that fails, ends the connection: single settlements do not fail.
          const rejects = batch.some((settlement) => settlement.action === 'reject');
          const refuses = fault?.effect === 'refuse' && rejects;
          const cuts = fault !== undefined && !refuses;
          const cutAt = cuts ? random.int(batch.length + 1) : Infinity;
          const confirmed = plan.ackConfirmed || rejects;
          const outcomes: SettleOutcome[] = [];
          batch.slice(0, cutAt).forEach((settlement) => {
            wire.toBroker(() => {
              const refused = refuses && settlement.action === 'reject';
              outcomes.push(refused ? refusal : settleOne(queue, subscription, settlement));
              if (confirmed && outcomes.length === batch.length)
                wire.toClient(() => {
                  answer(outcomes);
                });
            });
          });
          if (cuts) {
            loop.after(world.broker, world.latency(random), () => {
              wire.cut(random.int(2_000), random.int(2_000));
            });
          }
          if (!confirmed) answer(batch.map(() => 'done'));
        },
      );
      return answered.then((outcomes) => {
        outcomes.forEach((outcome, index) => {
          const receipt = of[index];
          if (receipt === undefined) return;
          receipt.settling = false;
          if (outcome === 'done') receipt.answered = true;
          else if (outcome === 'lost') receipts.tellLost(receipt);
          else {
            // Nothing may have happened to it: a rejected one is not given up, and comes again.
            if (receipt.action === 'reject') receipt.action = undefined;
            receipt.fate.disturbed = true;
          }
        });
        return outcomes;
      });
    }

    async function close(signal: AbortSignal): Promise<{ readonly abandoned: number }> {
      state.closeCalled = true;
      trace?.add(`${name} close`);
      await wire.call<undefined>(
        signal,
        () => undefined,
        (answer) => {
          wire.toBroker(() => {
            leave(queue, subscription);
            wire.toClient(() => {
              answer(undefined);
            });
          });
        },
      );
      // A goodbye that was cut short reaches the broker as the end of the connection.
      if (queue.subscriptions.includes(subscription))
        loop.after(world.broker, wire.random.int(200), () => {
          leave(queue, subscription);
        });
      receipts.tellDead(state);
      wire.end();
      wires.delete(wire);
      return { abandoned: 0 };
    }

    return {
      limits: plan.receive,
      dead: wire.dead,
      receive,
      settle,
      ...(plan.transactions === true ? { prepareDeadLetter } : {}),
      close,
    };
  }

  return {
    sendLane: (channel, message) =>
      channel.order === 'key' || plan.exclusive !== 'none' ? message.key : undefined,
    isRepeat: () => false,
    append(stored, groups) {
      for (const group of groups) {
        const queue = queues.get(`${stored.channel.name}/${group}`);
        if (queue === undefined) continue;
        const delayMs = stored.message.delayMs ?? 0;
        queue.entries.push({
          stored,
          attempts: 0,
          notBefore: loop.now() + delayMs,
          receipt: undefined,
        });
        if (delayMs > 0)
          loop.after(world.broker, delayMs, () => {
            serve(queue);
          });
        else serve(queue);
      }
    },
    openReceiver,
    suffer: () => undefined,
    isDrained: () => [...queues.values()].every((queue) => queue.entries.length === 0),
    describe: () =>
      [...queues.values()]
        .filter((queue) => queue.entries.length > 0)
        .map(
          (queue) =>
            `${queue.channel.name}/${queue.group} still has ${queue.entries.map((entry) => entry.stored.message.id).join(' ')}`,
        )
        .join('; '),
  };
}
