import type {
  Receiver,
  ReceiverOptions,
  Settlement,
  SettleOutcome,
  Token,
  WireDelivery,
} from '../../src/driver.ts';
import { IntermodalError } from '../../src/error.ts';
import type { BrokerKind } from './broker.ts';
import { epochMs } from './event-loop.ts';
import type { ChannelPlan, PullBroker } from './plan.ts';
import { createRandom } from './random.ts';
import type { Receipts } from './receipts.ts';
import type { ClientState, Receipt, ReceiverState, StoredMessage } from './records.ts';
import { createWire, type Wire } from './wire.ts';
import { roundTripMs, type World } from './world.ts';

/** One copy in a queue, until it is deleted. */
interface Entry {
  readonly stored: StoredMessage;
  visibleAt: number;
  deliveries: number;
  /** The last delivery of it, while its handle is good. */
  receipt: Receipt | undefined;
}

/** A request that waits at the broker for something to give. */
interface Poll {
  readonly max: number;
  readonly receiver: ReceiverState;
  readonly give: (receipts: readonly Receipt[]) => void;
}

interface Queue {
  readonly channel: ChannelPlan;
  readonly group: string;
  entries: Entry[];
  readonly polls: Poll[];
}

const dedupeWindowMs = 300_000;

/** Like SQS: leases that expire and extend, long polls, answers per entry, a lock per lane where it is FIFO. */
export function createPullBroker(world: World, receipts: Receipts, plan: PullBroker): BrokerKind {
  const { loop, monitor, faults, trace } = world;
  const queues = new Map<string, Queue>();
  const seen = new Map<string, number>();
  const chance = world.random.fork('queue');
  for (const channel of world.plan.channels) {
    for (const group of channel.groups)
      queues.set(`${channel.name}/${group}`, { channel, group, entries: [], polls: [] });
  }

  /** Where an end of lease would be an effect of the network, not of core. */
  const tightLeases = plan.leaseMs < 20 * roundTripMs(world.plan);

  function isVisible(entry: Entry): boolean {
    return entry.receipt === undefined && entry.visibleAt <= loop.now();
  }

  function takeFrom(queue: Queue, max: number): Entry[] {
    if (!plan.fifo) return shuffled(queue.entries.filter(isVisible)).slice(0, max);
    // While one message of a lane is in flight or hidden, no other of that lane is given.
    const locked = new Set<string>();
    for (const entry of queue.entries) {
      const { key } = entry.stored.message;
      if (key !== undefined && !isVisible(entry)) locked.add(key);
    }
    const free = queue.entries.filter(
      (entry) => isVisible(entry) && !locked.has(entry.stored.message.key ?? ''),
    );
    return free.slice(0, max);
  }

  function shuffled(entries: Entry[]): Entry[] {
    for (let index = entries.length - 1; index > 0; index -= 1) {
      const other = chance.int(index + 1);
      [entries[index], entries[other]] = [entries[other] as Entry, entries[index] as Entry];
    }
    return entries;
  }

  function serve(queue: Queue): void {
    for (;;) {
      const poll = queue.polls[0];
      if (poll === undefined) return;
      const taken = takeFrom(queue, poll.max);
      if (taken.length === 0) return;
      queue.polls.shift();
      poll.give(taken.map((entry) => lease(queue, poll.receiver, entry)));
    }
  }

  function lease(queue: Queue, receiver: ReceiverState, entry: Entry): Receipt {
    entry.deliveries += 1;
    const lane = plan.fifo ? entry.stored.message.key : undefined;
    const receipt = receipts.issue(receiver, entry.stored, lane, entry.deliveries);
    entry.receipt = receipt;
    trace?.add(
      `broker leases ${receipt.fate.id} of ${queue.group} to receiver ${receiver.number} as receipt ${receipt.number}`,
    );
    hold(queue, entry, receipt, receiver.leaseMs ?? plan.leaseMs);
    return receipt;
  }

  function hold(queue: Queue, entry: Entry, receipt: Receipt, leaseMs: number): void {
    receipt.cancelExpiry();
    receipt.leaseUntil = loop.now() + leaseMs;
    entry.visibleAt = receipt.leaseUntil;
    receipt.cancelExpiry = loop.after(world.broker, leaseMs, () => {
      trace?.add(`lease of receipt ${receipt.number} (${receipt.fate.id}) is over`);
      monitor.receivers.expired(receipt, tightLeases ? 'the network is slow' : undefined);
      free(queue, entry, receipt);
    });
  }

  /** The lease is over: anyone may have it. */
  function free(queue: Queue, entry: Entry, receipt: Receipt): void {
    if (entry.receipt !== receipt) return;
    receipts.lose(receipt);
    entry.receipt = undefined;
    entry.visibleAt = loop.now();
    serve(queue);
  }

  function settleOne(queue: Queue, settlement: Settlement): SettleOutcome {
    const receipt = receipts.of(settlement.token);
    if (receipt === undefined) return 'lost';
    // A delete or a change that is sent again finds its work done.
    if (receipt.state === 'settled') return 'done';
    const entry = queue.entries.find((one) => one.receipt === receipt);
    if (receipt.state === 'lost' || entry === undefined) return 'lost';
    receipt.cancelExpiry();
    receipt.state = 'settled';
    entry.receipt = undefined;
    switch (settlement.action) {
      case 'ack':
        queue.entries = queue.entries.filter((one) => one !== entry);
        break;
      case 'retry':
        show(queue, entry, settlement.delayMs);
        break;
      case 'release':
      case 'reject':
        show(queue, entry, 0);
        break;
    }
    serve(queue);
    return 'done';
  }

  function show(queue: Queue, entry: Entry, delayMs: number): void {
    entry.visibleAt = loop.now() + delayMs;
    if (delayMs > 0)
      loop.after(world.broker, delayMs, () => {
        serve(queue);
      });
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
    const state = receipts.receiver(client, channel, group, options.prefetch, options.leaseMs);
    /** Brought by polls that core did not wait for. */
    const buffer: Receipt[] = [];
    const polling = new Set<Poll>();
    let idle: (() => void)[] = [];
    const wire = createWire(world, {
      name,
      client,
      ordered: false,
      onCut() {
        state.tainted = true;
      },
      // Nothing is held by a connection: leases go on until their end.
      onBrokerLoss() {
        wires.delete(wire);
        for (const poll of polling) leave(poll);
      },
      onClientLoss() {
        receipts.tellDead(state);
      },
    });
    wires.add(wire);

    function leave(poll: Poll): void {
      const index = queue.polls.indexOf(poll);
      if (index >= 0) queue.polls.splice(index, 1);
    }

    function handOut(given: readonly Receipt[]): WireDelivery[] {
      return given.map((receipt) => receipts.hand(receipt));
    }

    function ended(poll: Poll): void {
      polling.delete(poll);
      if (polling.size > 0) return;
      for (const resolve of idle) resolve();
      idle = [];
    }

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
      const answered = poll(max, stop, fault?.effect);
      const over = (): void => {
        state.requested -= max;
        state.receives -= 1;
      };
      return answered.then((result) => {
        over();
        if (result instanceof IntermodalError) throw result;
        trace?.add(
          `${name} brings [${result.map((receipt) => `${receipt.fate.id}#${receipt.number}`).join(' ')}]`,
        );
        return handOut(result);
      });
    }

    function poll(
      max: number,
      stop: AbortSignal,
      fault: 'fail' | 'lose-reply' | undefined,
    ): Promise<readonly Receipt[] | IntermodalError> {
      const ready = buffer.splice(0).filter((receipt) => receipt.state === 'held');
      if (ready.length > 0) {
        buffer.push(...ready.slice(max));
        return Promise.resolve(ready.slice(0, max));
      }
      return wire.call<readonly Receipt[] | IntermodalError>(
        undefined,
        (error) => error,
        (answer) => {
          let left = false;
          if (fault === 'fail') {
            wire.toClient(() => {
              answer(
                new IntermodalError(
                  wire.random.pick(['throttled', 'unavailable']),
                  'receive failed',
                ),
              );
            });
            return;
          }
          const one: Poll = {
            max,
            receiver: state,
            give(given) {
              cancel();
              if (fault === 'lose-reply') {
                for (const receipt of given) receipt.tainted = true;
                wire.toClient(() => {
                  ended(one);
                  answer(new IntermodalError('unavailable', 'the answer was lost'));
                });
                return;
              }
              wire.toClient(() => {
                if (left) buffer.push(...given);
                ended(one);
                answer(given);
              });
            },
          };
          polling.add(one);
          let cancel: () => void = () => undefined;
          wire.toBroker(() => {
            cancel = loop.after(world.broker, plan.receive.maxWaitMs, () => {
              leave(one);
              wire.toClient(() => {
                ended(one);
                answer([]);
              });
            });
            queue.polls.push(one);
            serve(queue);
          });
          const onStop = (): void => {
            if (plan.endsAbandonedPolls) {
              wire.toBroker(() => {
                if (!queue.polls.includes(one)) return;
                leave(one);
                cancel();
                wire.toClient(() => {
                  ended(one);
                  answer([]);
                });
              });
              return;
            }
            left = true;
            answer([]);
          };
          if (stop.aborted) onStop();
          else stop.addEventListener('abort', onStop, { once: true });
        },
      );
    }

    function settle(
      batch: readonly Settlement[],
      signal: AbortSignal,
    ): Promise<readonly SettleOutcome[]> {
      const of = receipts.ofBatch(batch);
      monitor.receivers.settleCalled(state, batch, of, plan.receive.maxPerSettle, loop.now());
      const fault = faults.next('settle');
      trace?.add(
        `${name} settle [${batch.map((one, index) => `${one.action} ${of[index]?.fate.id ?? ''}#${of[index]?.number ?? 0}${one.action === 'retry' ? ` after ${Math.round(one.delayMs)}` : ''}`).join(', ')}]${fault === undefined ? '' : ` fault ${fault.effect}`}`,
      );
      const failure = (error: IntermodalError): readonly SettleOutcome[] =>
        batch.map(() => ({ failed: retryable(error) }));
      const answered = wire.call<readonly SettleOutcome[]>(signal, failure, (answer) => {
        const random = createRandom((fault?.salt ?? 0) + world.plan.seed);
        wire.toBroker(() => {
          const outcomes = batch.map((settlement, index): SettleOutcome => {
            if (fault === undefined) return settleOne(queue, settlement);
            taint(of[index]);
            const hit = random.chance(0.5);
            if (fault.effect === 'refuse')
              return hit
                ? {
                    failed: new IntermodalError(
                      'permission-denied',
                      'this receipt handle is not taken',
                    ),
                  }
                : settleOne(queue, settlement);
            if (fault.effect === 'fail')
              return hit
                ? { failed: new IntermodalError('unavailable', 'this entry failed') }
                : settleOne(queue, settlement);
            if (hit) settleOne(queue, settlement);
            return { failed: new IntermodalError('unavailable', 'the answer was lost') };
          });
          if (fault?.effect !== 'hang')
            wire.toClient(() => {
              answer(outcomes);
            });
        });
      });
      return answered.then((outcomes) => {
        trace?.add(
          `${name} settled [${outcomes.map((outcome, index) => `#${of[index]?.number ?? 0} ${typeof outcome === 'string' ? outcome : 'failed'}`).join(', ')}]`,
        );
        outcomes.forEach((outcome, index) => {
          const receipt = of[index];
          if (receipt === undefined) return;
          receipt.settling = false;
          if (outcome === 'done') receipt.answered = true;
          else if (outcome === 'lost') receipts.tellLost(receipt);
          else taint(receipt);
        });
        return outcomes;
      });
    }

    function extend(
      tokens: readonly Token[],
      leaseMs: number,
      signal: AbortSignal,
    ): Promise<readonly (SettleOutcome | { readonly leaseUntil: number })[]> {
      const of = tokens.map((token) => receipts.of(token));
      monitor.receivers.extendCalled(state, of, plan.receive.maxPerSettle);
      const fault = faults.next('extend');
      trace?.add(
        `${name} extend [${of.map((receipt) => `${receipt?.fate.id ?? ''}#${receipt?.number ?? 0}`).join(' ')}] by ${leaseMs}${fault === undefined ? '' : ` fault ${fault.effect}`}`,
      );
      type Outcome = SettleOutcome | { readonly leaseUntil: number };
      const failure = (error: IntermodalError): readonly Outcome[] =>
        tokens.map(() => ({ failed: retryable(error) }));
      const answered = wire.call<readonly Outcome[]>(signal, failure, (answer) => {
        wire.toBroker(() => {
          const outcomes = of.map((receipt): Outcome => {
            if (fault !== undefined && receipt !== undefined) receipt.tainted = true;
            if (fault?.effect === 'fail')
              return { failed: new IntermodalError('unavailable', 'this entry failed') };
            const entry = queue.entries.find((one) => one.receipt === receipt);
            if (receipt === undefined || entry === undefined || receipt.state !== 'held')
              return 'lost';
            hold(queue, entry, receipt, leaseMs);
            if (fault?.effect === 'lose-reply')
              return { failed: new IntermodalError('unavailable', 'the answer was lost') };
            return { leaseUntil: receipt.leaseUntil ?? 0 };
          });
          if (fault?.effect !== 'hang')
            wire.toClient(() => {
              answer(outcomes);
            });
        });
      });
      return answered.then((outcomes) => {
        outcomes.forEach((outcome, index) => {
          const receipt = of[index];
          if (receipt === undefined) return;
          receipt.extending = false;
          trace?.add(
            `${name} extended #${receipt.number}: ${typeof outcome === 'object' && 'leaseUntil' in outcome ? `until ${Math.round(outcome.leaseUntil - epochMs)}` : typeof outcome === 'string' ? outcome : 'failed'}`,
          );
          if (outcome === 'lost') receipts.tellLost(receipt);
          else if (typeof outcome === 'object' && 'leaseUntil' in outcome)
            extended(receipt, outcome.leaseUntil, loop.now());
        });
        return outcomes;
      });
    }

    /** Waits for the polls that are under way and gives back what they bring, as long as the signal allows. */
    async function close(signal: AbortSignal): Promise<{ readonly abandoned: number }> {
      state.closeCalled = true;
      trace?.add(`${name} close`);
      await new Promise<void>((resolve) => {
        if (polling.size === 0 || signal.aborted || !wire.open) {
          resolve();
          return;
        }
        idle.push(resolve);
        signal.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
        void wire.dead.then(() => {
          resolve();
        });
      });
      const back = buffer.splice(0).filter((receipt) => receipt.state === 'held');
      if (back.length > 0 && wire.open) {
        await wire.call<undefined>(
          signal,
          () => undefined,
          (answer) => {
            wire.toBroker(() => {
              for (const receipt of back)
                settleOne(queue, { token: { value: { receipt } }, action: 'release' });
              wire.toClient(() => {
                answer(undefined);
              });
            });
          },
        );
      }
      for (const poll of polling) leave(poll);
      let abandoned = 0;
      for (const receipt of state.receipts)
        if (receipt.state === 'held' && !receipt.handed) abandoned += 1;
      receipts.tellDead(state);
      wire.end();
      wires.delete(wire);
      return { abandoned };
    }

    return { limits: plan.receive, dead: wire.dead, receive, settle, extend, close };
  }

  return {
    sendLane: (_, message) => (plan.fifo ? message.key : undefined),
    isRepeat(channel, message) {
      if (!plan.fifo) return false;
      const id = `${channel.name}\n${message.dedupeId ?? message.id}`;
      const last = seen.get(id);
      if (last !== undefined && last + dedupeWindowMs > loop.now()) return true;
      seen.set(id, loop.now());
      return false;
    },
    append(stored, groups) {
      for (const group of groups) {
        const queue = queues.get(`${stored.channel.name}/${group}`);
        if (queue === undefined) continue;
        const entry: Entry = { stored, visibleAt: loop.now(), deliveries: 0, receipt: undefined };
        queue.entries.push(entry);
        show(queue, entry, stored.message.delayMs ?? 0);
        serve(queue);
      }
    },
    openReceiver,
    suffer(fault) {
      if (fault.fault === 'expire') {
        for (const queue of queues.values()) {
          for (const entry of [...queue.entries]) {
            if (entry.receipt === undefined || !chance.chance(fault.share)) continue;
            // What one answer brings of a lane was leased in one moment: nobody gets the second of it without the first.
            if (plan.fifo && !entry.receipt.handed) continue;
            entry.receipt.tainted = true;
            trace?.add(
              `broker forgets the lease of receipt ${entry.receipt.number} (${entry.receipt.fate.id})`,
            );
            free(queue, entry, entry.receipt);
          }
        }
      }
      if (fault.fault !== 'duplicate' || plan.fifo) return;
      for (const queue of queues.values()) {
        for (const entry of [...queue.entries]) {
          if (!chance.chance(fault.share)) continue;
          monitor.ledger.fate(queue.channel, queue.group, entry.stored.message.id).disturbed = true;
          queue.entries.push({
            stored: entry.stored,
            visibleAt: entry.visibleAt,
            deliveries: entry.deliveries,
            receipt: undefined,
          });
        }
        serve(queue);
      }
    },
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

function taint(receipt: Receipt | undefined): void {
  if (receipt === undefined) return;
  receipt.tainted = true;
  receipt.fate.disturbed = true;
}

/** An answer that comes when the lease was over as far as core knew may or may not revive it. */
function extended(receipt: Receipt, leaseUntil: number, now: number): void {
  if (receipt.knownLeaseUntil !== undefined && now >= receipt.knownLeaseUntil)
    receipt.lapsed = true;
  receipt.knownLeaseUntil = leaseUntil;
}

function retryable(error: IntermodalError): IntermodalError {
  return error.retryable
    ? error
    : new IntermodalError('unavailable', error.message, { cause: error });
}
