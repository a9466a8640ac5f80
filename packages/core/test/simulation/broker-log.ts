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
import { createLogGroups, type Row, type Shard, type Worker } from './log-groups.ts';
import type { ChannelPlan, LogBroker } from './plan.ts';
import type { Receipts } from './receipts.ts';
import type { ClientState, Receipt, ReceiverState, StoredMessage } from './records.ts';
import { createWire, type Wire } from './wire.ts';
import type { World } from './world.ts';

/** A shard as the worker that reads it sees it. */
interface Lane {
  readonly row: Row;
  readonly shard: Shard;
  readonly epoch: number;
  /** The next record to hand over. */
  next: number;
  paused: boolean;
  state: 'ours' | 'leaving' | 'gone';
  endTold: boolean;
  checkpointing: boolean;
}

interface Place {
  readonly lane: Lane;
  readonly index: number;
}

/** Like Kinesis: shards with one owner per group, a fenced checkpoint, replay from it, and children after their parents. */
export function createLogBroker(world: World, receipts: Receipts, plan: LogBroker): BrokerKind {
  const { loop, monitor, faults, trace } = world;
  const { violate } = monitor.ledger;
  const logs = createLogGroups(world, plan);
  const places = new WeakMap<Receipt, Place>();

  function isDone(row: Row, stored: StoredMessage): boolean {
    if (stored.foreign === 'control') return true;
    const fate = monitor.ledger.fate(row.group.channel, row.group.name, stored.message.id);
    return fate.completed || fate.deadLetters > 0;
  }

  /** In good order, everything that was settled up to the first that is not has been checkpointed. */
  function checkWritten(state: ReceiverState, lane: Lane, when: string): void {
    const { row, shard } = lane;
    const first = shard.records[row.checkpoint];
    if (first === undefined || state.tainted || row.ended) return;
    const own = [...state.receipts].find(
      (receipt) => receipt.stored === first && receipt.handed && places.get(receipt)?.lane === lane,
    );
    if (own?.verdict?.kind !== 'ack' || own.lostSince !== undefined) return;
    if (own.consumer?.stopping === true && loop.now() >= own.consumer.deadlineAt) return;
    // What is acked after its loop was left has been given back before.
    if (own.consumer?.stopping === true && own.consumer.how.kind === 'pull') return;
    violate(
      'last-checkpoint',
      `${first.message.id} of ${row.shard.name} in ${row.group.name} was acked and not checkpointed ${when}`,
    );
  }

  function openReceiver(
    client: ClientState,
    channel: ChannelPlan,
    groupName: string,
    options: ReceiverOptions,
    name: string,
    wires: Set<Wire>,
  ): Receiver {
    const group = logs.group(channel, groupName);
    const state = receipts.receiver(client, channel, groupName, options.prefetch, undefined);
    const lanes = new Map<string, Lane>();
    /** Calls of `onLane` that have not ended: the lane is not begun again before. */
    const leaving = new Map<string, Promise<void>>();
    let waiting:
      | { readonly max: number; readonly answer: (given: readonly Receipt[]) => void }
      | undefined;
    let reading = false;
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
        state.tainted = true;
        loop.after(world.broker, plan.workerTimeoutMs, () => {
          logs.leave(group, worker);
        });
      },
      onClientLoss() {
        receipts.tellDead(state);
      },
    });
    wires.add(wire);

    function own(lane: Lane): Receipt[] {
      return [...state.receipts].filter((receipt) => places.get(receipt)?.lane === lane);
    }

    function drop(lane: Lane, match: (receipt: Receipt) => boolean): void {
      for (const receipt of own(lane)) {
        if (receipt.state !== 'held') continue;
        if (receipt.verdict?.kind === 'ack') receipt.state = 'settled';
        if (receipt.verdict?.kind === 'ack' || !match(receipt)) continue;
        receipts.lose(receipt);
        receipts.tellLost(receipt);
      }
    }

    function notify(lane: Lane, what: 'revoking' | 'lost' | 'ended', then: () => void): void {
      trace?.add(`${name} onLane ${lane.shard.name} ${what}`);
      const told = options.onLane(lane.shard.name, what).then(
        () => {
          trace?.add(`${name} onLane ${lane.shard.name} ${what} is done`);
          const running = own(lane).find((receipt) => receipt.running);
          if (running !== undefined && lane.state !== 'gone' && wire.open && !state.closeCalled)
            violate(
              'lane-running',
              `onLane(${lane.shard.name}, ${what}) resolved while ${running.fate.id} was being handled`,
            );
          then();
        },
        (error: unknown) => {
          violate(
            'lane-rejected',
            `onLane(${lane.shard.name}, ${what}) rejected: ${String(error)}`,
          );
        },
      );
      const chained = Promise.all([leaving.get(lane.shard.name), told]).then(() => undefined);
      leaving.set(lane.shard.name, chained);
    }

    const worker: Worker = {
      state,
      wire,
      grant(row, epoch, from) {
        const lane: Lane = {
          row,
          shard: row.shard,
          epoch,
          next: from,
          paused: false,
          state: 'ours',
          endTold: false,
          checkpointing: false,
        };
        const begin = (): void => {
          leaving.delete(row.shard.name);
          if (row.epoch !== epoch || state.closeCalled) return;
          lanes.set(row.shard.name, lane);
          read();
        };
        const before = leaving.get(row.shard.name);
        if (before === undefined) begin();
        else void before.then(begin);
      },
      ask(row, epoch) {
        const lane = lanes.get(row.shard.name);
        if (
          lane === undefined ||
          lane.epoch !== epoch ||
          lane.state !== 'ours' ||
          state.closeCalled
        ) {
          wire.toBroker(() => {
            logs.release(row, worker, epoch);
          });
          return;
        }
        lane.state = 'leaving';
        for (const receipt of own(lane)) receipt.leaving = true;
        drop(lane, (receipt) => receipt.starts === 0 || isWaiting(receipt));
        notify(lane, 'revoking', () => {
          if (lane.state === 'gone') return;
          lane.state = 'gone';
          lanes.delete(row.shard.name);
          if (wire.open && !state.closeCalled && row.epoch === epoch)
            checkWritten(state, lane, 'when the lane was handed over');
          drop(lane, () => true);
          wire.toBroker(() => {
            logs.release(row, worker, epoch);
          });
        });
      },
      tell(row, epoch) {
        const lane = lanes.get(row.shard.name);
        if (lane === undefined || lane.epoch !== epoch || state.closeCalled) return;
        lane.state = 'gone';
        lanes.delete(row.shard.name);
        drop(lane, () => true);
        notify(lane, 'lost', () => undefined);
      },
      wake() {
        read();
      },
    };
    wire.toBroker(() => {
      if (!state.closeCalled && !state.gone) logs.join(group, worker);
    });

    /** Brings records to a receive that waits, and ends lanes that have been read to their end. */
    function read(): void {
      if (reading || waiting === undefined) return;
      const ready = [...lanes.values()].filter(
        (lane) => lane.state === 'ours' && !lane.paused && lane.next < lane.shard.records.length,
      );
      loop.after(client.process, 0, endLanes);
      if (ready.length === 0) return;
      reading = true;
      wire.toBroker(() => {
        wire.toClient(arrive);
      });
    }

    function arrive(): void {
      reading = false;
      if (waiting === undefined) return;
      const { max, answer } = waiting;
      const given: Receipt[] = [];
      while (given.length < max) {
        const ready = [...lanes.values()].filter(
          (lane) => lane.state === 'ours' && !lane.paused && lane.next < lane.shard.records.length,
        );
        if (ready.length === 0) break;
        const lane = wire.random.pick(ready);
        const count = wire.random.between(1, max - given.length);
        for (const stored of lane.shard.records.slice(lane.next, lane.next + count))
          given.push(issue(lane, stored));
      }
      if (given.length === 0) return;
      waiting = undefined;
      answer(given);
    }

    function issue(lane: Lane, stored: StoredMessage): Receipt {
      const receipt = receipts.issue(state, stored, lane.shard.name, undefined);
      places.set(receipt, { lane, index: lane.next });
      lane.next += 1;
      // Whoever reads a lane that is not his any more repeats what its owner does.
      if (lane.row.epoch !== lane.epoch) receipt.fate.disturbed = true;
      return receipt;
    }

    function endLanes(): void {
      for (const lane of lanes.values()) {
        if (
          lane.endTold ||
          lane.state !== 'ours' ||
          !lane.shard.closed ||
          lane.next < lane.shard.records.length
        )
          continue;
        lane.endTold = true;
        notify(lane, 'ended', () => {
          if (
            !wire.open ||
            state.closeCalled ||
            lane.state !== 'ours' ||
            lane.row.epoch !== lane.epoch
          )
            return;
          if (!lane.row.ended)
            violate(
              'lane-end',
              `onLane(${lane.shard.name}, ended) resolved, and its end was not checkpointed`,
            );
        });
      }
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
      const answered = wire.call<readonly Receipt[] | IntermodalError>(
        undefined,
        (error) => error,
        (answer) => {
          if (fault !== undefined) {
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
          read();
        },
      );
      return answered.then((result) => {
        state.requested -= max;
        state.receives -= 1;
        if (result instanceof IntermodalError) throw result;
        trace?.add(
          `${name} brings [${result.map((receipt) => `${receipt.fate.id}#${receipt.number}`).join(' ')}]`,
        );
        // A lane ends once core has what this receive brings, and that is after this turn.
        loop.after(client.process, 0, endLanes);
        return result.map((receipt) => receipts.hand(receipt));
      });
    }

    function settle(batch: readonly Settlement[]): Promise<readonly SettleOutcome[]> {
      monitor.receivers.settleCalled(
        state,
        batch,
        receipts.ofBatch(batch),
        plan.receive.maxPerSettle,
        loop.now(),
      );
      return Promise.resolve(batch.map(() => 'done'));
    }

    function checkpoint(
      laneName: string,
      at: Token | 'end',
      signal: AbortSignal,
    ): Promise<SettleOutcome> {
      const lane = lanes.get(laneName);
      const fault = faults.next('checkpoint');
      const receipt = at === 'end' ? undefined : receipts.of(at);
      trace?.add(
        `${name} checkpoint ${laneName} at ${at === 'end' ? 'the end' : `${String(receipt?.fate.id)}#${String(receipt?.number)}`}${fault === undefined ? '' : ` fault ${fault.effect}`}`,
      );
      if (state.closeCalled)
        violate('after-close', `${name} was asked for a checkpoint after it was closed`);
      if (receipt !== undefined && (receipt.receiver !== state || receipt.lane !== laneName))
        violate(
          'token',
          `${name} was given a token of receiver ${receipt.receiver.number}, lane ${String(receipt.lane)}, to checkpoint ${laneName}`,
        );
      if (lane === undefined) return Promise.resolve('lost');
      if (fault !== undefined) state.tainted = true;
      const upTo =
        receipt === undefined ? lane.shard.records.length : (places.get(receipt)?.index ?? 0) + 1;
      const undone = lane.shard.records.slice(0, upTo).find((stored) => !isDone(lane.row, stored));
      if (undone !== undefined)
        violate(
          'watermark',
          `${laneName} in ${groupName} is checkpointed at ${receipt?.fate.id ?? 'its end'}, and ${undone.message.id} before it is not settled`,
        );
      if (at === 'end' && !lane.endTold)
        violate(
          'watermark',
          `${laneName} in ${groupName} is checkpointed at its end before it has ended`,
        );
      if (lane.checkpointing)
        violate(
          'checkpoint-twice',
          `${laneName} in ${groupName} is being checkpointed twice at once`,
        );
      if (lane.row.epoch === lane.epoch && upTo < lane.row.checkpoint)
        violate(
          'watermark',
          `the checkpoint of ${laneName} in ${groupName} goes back from ${lane.row.checkpoint} to ${upTo}`,
        );
      lane.checkpointing = true;
      const failure = (error: IntermodalError): SettleOutcome => ({
        failed: new IntermodalError('unavailable', error.message, { cause: error }),
      });
      const answered = wire.call<SettleOutcome>(signal, failure, (answer) => {
        wire.toBroker(() => {
          const outcome =
            fault?.effect === 'fail'
              ? failure(new IntermodalError('unavailable', 'the lease table is busy'))
              : write(lane, upTo, at === 'end');
          if (fault?.effect === 'hang') return;
          wire.toClient(() => {
            answer(
              fault === undefined
                ? outcome
                : failure(new IntermodalError('unavailable', 'the answer was lost')),
            );
          });
        });
      });
      return answered.then((outcome) => {
        lane.checkpointing = false;
        if (typeof outcome === 'object') state.tainted = true;
        if (outcome === 'done' && at === 'end') lanes.delete(laneName);
        return outcome;
      });
    }

    function write(lane: Lane, upTo: number, end: boolean): SettleOutcome {
      const { row } = lane;
      if (row.ended && end) return 'done';
      if (row.owner !== worker || row.epoch !== lane.epoch) return 'lost';
      row.checkpoint = Math.max(row.checkpoint, upTo);
      trace?.add(
        `checkpoint of ${lane.shard.name} in ${groupName} is ${row.checkpoint}${end ? ', its end' : ''}`,
      );
      if (!end) return 'done';
      row.ended = true;
      logs.finished(row);
      return 'done';
    }

    async function close(signal: AbortSignal): Promise<{ readonly abandoned: number }> {
      state.closeCalled = true;
      trace?.add(`${name} close`);
      if (wire.open && !signal.aborted)
        for (const lane of lanes.values())
          if (lane.row.epoch === lane.epoch) checkWritten(state, lane, 'when the consumer stopped');
      await wire.call<undefined>(
        signal,
        () => undefined,
        (answer) => {
          wire.toBroker(() => {
            logs.leave(group, worker);
            wire.toClient(() => {
              answer(undefined);
            });
          });
        },
      );
      if (group.workers.includes(worker))
        loop.after(world.broker, plan.workerTimeoutMs, () => {
          logs.leave(group, worker);
        });
      for (const lane of lanes.values()) drop(lane, () => true);
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
      checkpoint,
      pauseLane(laneName, paused) {
        const lane = lanes.get(laneName);
        if (lane === undefined) return;
        lane.paused = paused;
        if (!paused) read();
      },
      close,
    };
  }

  return {
    sendLane: (_, message) => message.key,
    isRepeat: () => false,
    append: (stored) => {
      logs.append(stored);
    },
    openReceiver,
    suffer(fault) {
      if (fault.fault === 'move') logs.move(fault.lane, fault.by, fault.noticeMs);
      if (fault.fault === 'split') logs.split(fault.lane);
    },
    isDrained: () =>
      logs.groups.every((group) =>
        group.rows.every(
          (row) => row.ended || (row.checkpoint === row.shard.records.length && !row.shard.closed),
        ),
      ),
    describe: () =>
      logs.groups
        .flatMap((group) =>
          group.rows.filter(
            (row) => !row.ended && (row.shard.closed || row.checkpoint < row.shard.records.length),
          ),
        )
        .map(
          (row) =>
            `${row.group.channel.name}/${row.group.name} stands at ${row.checkpoint} of ${row.shard.records.length} in ${row.shard.name}${row.owner === undefined ? ', which nobody owns' : ''}`,
        )
        .join('; '),
  };
}

/** Its handler is over, and core waits to call it again. */
function isWaiting(receipt: Receipt): boolean {
  // What was pulled may still be in the application's hands although its time is over.
  return !receipt.running && receipt.consumer?.how.kind !== 'pull';
}
