import type { Settlement } from '../../src/driver.ts';
import type { Ledger } from './ledger.ts';
import { decodingMs } from './plan.ts';
import type { AnyDelivery, ConsumerState, Receipt, ReceiverState, Verdict } from './records.ts';

/** Core's wheel turns in steps of this many milliseconds, so what is due by a time may happen that much later. */
const tickMs = 10;
/** Told of a loss, core has this long to stop acting on the old state: one turn, plus the wheel's step. */
const graceMs = 2 * tickMs;

export interface HandlerChecks {
  /** A handler is called, with the deliveries `alongside` in one call. */
  started(
    consumer: ConsumerState,
    delivery: AnyDelivery,
    receipt: Receipt,
    alongside: ReadonlySet<string>,
    now: number,
  ): void;
  /** It has said what becomes of the delivery: by returning, throwing or settling. The first word counts. */
  decided(receipt: Receipt, verdict: Verdict, now: number): void;
  returned(receipt: Receipt): void;
}

/** What a message's handler may be called with, and when. */
export function createHandlerChecks(ledger: Ledger): HandlerChecks {
  const { violate } = ledger;

  function checkContent(delivery: AnyDelivery, receipt: Receipt): void {
    const { stored } = receipt;
    const { publication } = stored;
    const what = `${stored.message.id} in ${receipt.fate.group}`;
    if (delivery.id !== stored.message.id)
      violate('intact', `${what} was handed over with the id ${delivery.id}`);
    if (delivery.key !== stored.message.key)
      violate('intact', `${what} was handed over with the key ${String(delivery.key)}`);
    if (delivery.group !== receipt.fate.group || delivery.channel !== stored.channel.name)
      violate('intact', `${what} was handed over as ${delivery.channel}/${delivery.group}`);
    if (stored.foreign !== undefined)
      violate('foreign', `${what} is ${stored.foreign}, and was handed to a handler`);
    if (publication === undefined) return;
    if (!isSame(delivery.body, publication.body))
      violate('intact', `${what} was handed over with another body`);
    for (const [name, value] of Object.entries(publication.plan.headers ?? {})) {
      if (delivery.headers.get(name) !== value)
        violate('intact', `${what} was handed over without its header ${name}`);
    }
  }

  /**
   * Nothing of a key starts before everything stored earlier with that key has been worked on successfully in this group
   * or is among its dead letters. Repeats of what was done before are allowed, and so are followers in one call of a batch
   * handler. On one receiver, what was started earlier must be settled too.
   */
  function checkOrder(receipt: Receipt, alongside: ReadonlySet<string>): void {
    const { stored, fate } = receipt;
    const { key } = stored.message;
    if (stored.channel.order !== 'key' || key === undefined) return;
    for (const earlier of ledger.ofKey(stored.channel.name, key)) {
      if (earlier.position >= stored.position) break;
      if (alongside.has(earlier.message.id) || earlier.foreign === 'control') continue;
      const before = ledger.fate(stored.channel, fate.group, earlier.message.id);
      if (before.completed || before.deadLetters > 0) continue;
      violate(
        'order',
        `${stored.message.id} of key ${key} was started in ${fate.group} before ${earlier.message.id}, which came first and is not done`,
      );
      return;
    }
    for (const other of receipt.receiver.receipts) {
      if (other === receipt || other.stored.message.key !== key || !other.handed) continue;
      if (
        other.state !== 'held' ||
        other.stored.position >= stored.position ||
        alongside.has(other.stored.message.id)
      )
        continue;
      if (other.lostSince !== undefined || other.starts === 0 || isPassed(other)) continue;
      violate(
        'order-settle',
        `${stored.message.id} of key ${key} was started in ${fate.group} while ${other.stored.message.id} of the same key was not settled`,
      );
      return;
    }
  }

  function checkAttempt(consumer: ConsumerState, delivery: AnyDelivery, receipt: Receipt): void {
    const { fate } = receipt;
    const excused = fate.disturbed || (fate.condemned !== undefined && ledger.deadLettersTroubled);
    const what = `${fate.id} in ${fate.group}`;
    const expected = (receipt.attempt ?? 1) + receipt.starts - 1;
    if (delivery.attempt !== expected)
      violate(
        'attempt',
        `${what} was handed over as attempt ${delivery.attempt}, it is number ${expected}`,
      );
    if (receipt.starts > 1 && receipt.verdict?.kind === 'ack')
      violate('repeat', `${what} was handled again although it was acked`);
    if (
      receipt.starts > 1 &&
      receipt.verdict?.kind === 'throw' &&
      expected > consumer.maxAttempts &&
      !excused
    ) {
      violate(
        'attempts',
        `${what} was handled for the ${expected}th time, with ${consumer.maxAttempts} attempts in all`,
      );
    }
    if (!excused && (fate.completed || fate.deadLetters > 0))
      violate(
        'repeat',
        `${what} was handled again although it was done, and nothing had gone wrong`,
      );
    if (!excused && fate.condemned !== undefined) {
      violate(
        'attempts',
        `${what} was handled again after its last attempt, of ${consumer.maxAttempts}, had failed`,
      );
    }
  }

  return {
    started(consumer, delivery, receipt, alongside, now) {
      const { fate, receiver } = receipt;
      const what = `${fate.id} in ${fate.group} (receipt ${receipt.number})`;
      receipt.starts += 1;
      fate.starts += 1;
      receipt.consumer = consumer;
      receiver.consumer ??= consumer;
      if (receiver.consumer !== consumer)
        violate(
          'consumer',
          `${what} came to ${consumer.name} from the receiver of ${receiver.consumer.name}`,
        );
      if (consumer.stopped) violate('after-stop', `${what} was started after stop had resolved`);
      else if (consumer.stopping && decodingMs(consumer.channel) === 0)
        violate('after-stop', `${what} was started after stop was called`);
      if (receipt.running)
        violate('exclusive', `${what} was started while its handler is still running`);
      if (!receipt.handed)
        violate('from-nowhere', `${what} was started before the driver had given it`);
      if (receipt.action !== undefined)
        violate(
          'after-settle',
          `${what} was started after core had settled it by ${receipt.action}`,
        );
      if (
        receipt.lostSince !== undefined &&
        now > receipt.lostSince + graceMs + decodingMs(consumer.channel)
      )
        violate(
          'after-loss',
          `${what} was started ${now - receipt.lostSince} ms after core was told that it is lost`,
        );
      if (receipt.knownLeaseUntil !== undefined && now > receipt.knownLeaseUntil + graceMs)
        violate(
          'after-loss',
          `${what} was started ${now - receipt.knownLeaseUntil} ms after its lease was over`,
        );
      const { publication } = receipt.stored;
      const earliest =
        publication === undefined ? 0 : publication.calledAt + (publication.plan.delayMs ?? 0);
      if (now < earliest)
        violate('delay', `${what} was started ${earliest - now} ms before its delay was over`);
      if (now < fate.notBefore && !fate.disturbed)
        violate(
          'retry-delay',
          `${what} was started ${fate.notBefore - now} ms before its retry was due`,
        );
      checkContent(delivery, receipt);
      checkOrder(receipt, alongside);
      checkAttempt(consumer, delivery, receipt);
      receipt.running = true;
      receipt.startedAt = now;
      receipt.verdict = undefined;
    },
    decided(receipt, verdict, now) {
      if (receipt.verdict !== undefined) return;
      const { fate } = receipt;
      receipt.verdict = verdict;
      switch (verdict.kind) {
        case 'ack':
          fate.completed = true;
          fate.notBefore = 0;
          return;
        case 'reject':
          fate.condemned = verdict.reason;
          return;
        case 'behind':
          return;
        case 'throw':
        case 'retry':
          if (verdict.kind === 'throw') {
            const attempt = (receipt.attempt ?? 1) + receipt.starts - 1;
            // An empty reason: whatever core makes of the error.
            if (attempt >= fate.channel.maxAttempts) fate.condemned = '';
          }
          fate.notBefore = receipt.state === 'held' ? Math.max(now, verdict.notBefore) : 0;
      }
    },
    returned(receipt) {
      receipt.running = false;
    },
  };
}

/** On a log nothing is sent for a delivery: done with means acked or a dead letter. */
function isPassed(receipt: Receipt): boolean {
  return (
    receipt.verdict?.kind === 'ack' ||
    receipt.fate.deadLetters > 0 ||
    receipt.stored.foreign === 'control'
  );
}

export interface ReceiverChecks {
  receiveCalled(receiver: ReceiverState, max: number, limit: number, parallel: number): void;
  settleCalled(
    receiver: ReceiverState,
    batch: readonly Settlement[],
    receipts: readonly (Receipt | undefined)[],
    limit: number,
    now: number,
  ): void;
  extendCalled(
    receiver: ReceiverState,
    receipts: readonly (Receipt | undefined)[],
    limit: number,
  ): void;
  /** The broker takes a delivery back although core held it. */
  lost(receipt: Receipt): void;
  /** A lease ended by itself. `excuse` says what else than core may be the cause. */
  expired(receipt: Receipt, excuse: string | undefined): void;
}

export interface ReceiverCheckOptions {
  readonly log: boolean;
  /** A receiver can send a dead letter and ack in one. */
  readonly transactions: boolean;
  /** The broker can bring a message again after a delay. */
  readonly canDelay: boolean;
  readonly atEndOfTurn: (check: () => void) => void;
  readonly now: () => number;
}

/** How core may use a receiver. */
export function createReceiverChecks(
  ledger: Ledger,
  options: ReceiverCheckOptions,
): ReceiverChecks {
  const { violate } = ledger;
  const { atEndOfTurn, now } = options;

  function unsettled(receiver: ReceiverState): number {
    let count = 0;
    for (const receipt of receiver.receipts) {
      if (!receipt.handed || receipt.lostSince !== undefined || receipt.state === 'lost') continue;
      if (receipt.leaving && !receipt.running) continue;
      // Where an extension was not answered, core has to think that the lease is over.
      if (receipt.lapsed) continue;
      if (receipt.knownLeaseUntil !== undefined && now() >= receipt.knownLeaseUntil) continue;
      if (options.log ? !isPassed(receipt) || receipt.running : receipt.action === undefined)
        count += 1;
    }
    return count;
  }

  function checkAction(receipt: Receipt, settlement: Settlement, now: number): void {
    const { fate, verdict, stored } = receipt;
    const what = `${fate.id} in ${fate.group} (receipt ${receipt.number})`;
    switch (settlement.action) {
      case 'ack':
        if (verdict?.kind === 'ack' || stored.foreign === 'control') return;
        if (fate.deadLetters > 0) return;
        violate(
          'ack',
          `${what} was acked, and neither has its handler done it nor is it among the dead letters`,
        );
        return;
      case 'retry': {
        const foreign = stored.foreign !== undefined;
        const timeoutMs = receipt.consumer?.options.handlerTimeoutMs;
        const timedOut =
          timeoutMs !== undefined && receipt.running && now >= receipt.startedAt + timeoutMs;
        if (verdict?.kind === 'ack')
          violate('retry', `${what} was sent back as failed, and its handler had done it`);
        // Whoever leaves the loop of a pulled consumer gives back what he holds, and may still work on it.
        const left = receipt.consumer?.how.kind === 'pull' && receipt.consumer.stopping;
        if (left) fate.disturbed = true;
        if (verdict === undefined && !timedOut && !foreign && !left)
          violate('retry', `${what} was sent back as failed, and no handler had failed`);
        if (verdict?.kind !== 'retry' && verdict?.kind !== 'throw') return;
        const due = options.canDelay ? now + settlement.delayMs : now;
        const stopping = receipt.consumer?.stopping === true && !options.canDelay;
        // A broker that does not count begins again at one.
        if (receipt.attempt === undefined && !foreign) fate.disturbed = true;
        if (due < verdict.notBefore && !stopping)
          violate(
            'retry-delay',
            `${what} was sent back to come ${verdict.notBefore - due} ms before its retry is due`,
          );
        if (stopping) fate.disturbed = true;
        return;
      }
      case 'release':
        if (receipt.starts > 0)
          violate(
            'release',
            `${what} was given back as never touched, and its handler had been called`,
          );
        return;
      case 'reject':
        if (!options.transactions)
          violate('capability', `${what} was settled by reject, which this receiver does not have`);
        if (fate.condemned === undefined)
          violate('dead-letter', `${what} was rejected, and nothing had condemned it`);
    }
  }

  return {
    receiveCalled(receiver, max, limit, parallel) {
      const what = `receiver ${receiver.number}`;
      if (receiver.closeCalled)
        violate('after-close', `${what} was asked to receive after it was closed`);
      if (!(max >= 1 && max <= limit))
        violate('receive-limits', `${what} was asked for ${max} deliveries, its limit is ${limit}`);
      receiver.receives += 1;
      if (receiver.receives > parallel)
        violate(
          'receive-limits',
          `${what} has ${receiver.receives} receives under way, its limit is ${parallel}`,
        );
      receiver.requested += max;
      // What is given back in the same turn makes room, whichever call comes first.
      atEndOfTurn(() => {
        const held = unsettled(receiver);
        if (held + receiver.requested <= receiver.prefetch || receiver.closeCalled) return;
        violate(
          'prefetch',
          `${what} holds ${held} and was asked for ${receiver.requested} more, with a prefetch of ${receiver.prefetch}`,
        );
      });
      const own = receiver.client.consumers.filter(
        (one) => one.channel === receiver.channel && one.group === receiver.group && !one.stopped,
      );
      if (own.length > 0 && own.every((one) => one.paused))
        violate('pause', `${what} was asked to receive while its consumer is paused`);
    },
    settleCalled(receiver, batch, receipts, limit, now) {
      if (receiver.closeCalled)
        violate(
          'after-close',
          `receiver ${receiver.number} was asked to settle after it was closed`,
        );
      if (options.log)
        violate(
          'capability',
          `receiver ${receiver.number} of a log was asked to settle single deliveries`,
        );
      if (batch.length === 0 || batch.length > limit)
        violate(
          'settle-limits',
          `receiver ${receiver.number} was given ${batch.length} settlements at once, its limit is ${limit}`,
        );
      batch.forEach((settlement, index) => {
        const receipt = receipts[index];
        if (receipt === undefined || receipt.receiver !== receiver) {
          violate(
            'token',
            `receiver ${receiver.number} was given a token that is not its own (${String(receipt?.fate.id)} of receiver ${String(receipt?.receiver.number)})`,
          );
          return;
        }
        const what = `${receipt.fate.id} in ${receipt.fate.group} (receipt ${receipt.number})`;
        if (!receipt.handed) violate('token', `${what} was settled before it was given to core`);
        if (receipt.settling) violate('settle-once', `${what} is being settled twice at once`);
        if (receipt.extending)
          violate('settle-beside-extend', `${what} is settled while its lease is being extended`);
        if (receipt.action !== undefined && receipt.action !== settlement.action)
          violate(
            'settle-once',
            `${what} was settled by ${receipt.action}, and now by ${settlement.action}`,
          );
        if (receipt.answered)
          violate('settle-once', `${what} was settled again after the broker had answered`);
        if (receipt.action === undefined) checkAction(receipt, settlement, now);
        receipt.action ??= settlement.action;
        receipt.settling = true;
      });
    },
    extendCalled(receiver, receipts, limit) {
      if (receiver.closeCalled)
        violate(
          'after-close',
          `receiver ${receiver.number} was asked to extend after it was closed`,
        );
      if (receipts.length === 0 || receipts.length > limit)
        violate(
          'settle-limits',
          `receiver ${receiver.number} was asked to extend ${receipts.length} leases at once, its limit is ${limit}`,
        );
      for (const receipt of receipts) {
        if (receipt === undefined || receipt.receiver !== receiver) {
          violate(
            'token',
            `receiver ${receiver.number} was asked to extend a token that is not its own`,
          );
          continue;
        }
        const what = `${receipt.fate.id} in ${receipt.fate.group} (receipt ${receipt.number})`;
        if (receipt.action !== undefined)
          violate(
            'extend-after-settle',
            `the lease of ${what} is extended after ${receipt.action}`,
          );
        if (receipt.extending)
          violate('extend-twice', `the lease of ${what} is being extended twice at once`);
        receipt.extending = true;
      }
    },
    lost(receipt) {
      receipt.fate.disturbed = true;
      receipt.fate.notBefore = 0;
    },
    expired(receipt, excuse) {
      if (
        excuse !== undefined ||
        receipt.tainted ||
        receipt.receiver.tainted ||
        receipt.action !== undefined ||
        !receipt.handed
      )
        return;
      if (receipt.receiver.closeCalled || receipt.receiver.client.process.frozen) return;
      violate(
        'lease',
        `the lease of ${receipt.fate.id} in ${receipt.fate.group} (receipt ${receipt.number}) ended while core held it, and nothing had gone wrong`,
      );
    },
  };
}

/** Bodies are text, bytes, or plain JSON. */
function isSame(left: unknown, right: unknown): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((value, index) => value === right[index]);
  }
  return typeof left === typeof right && JSON.stringify(left) === JSON.stringify(right);
}
