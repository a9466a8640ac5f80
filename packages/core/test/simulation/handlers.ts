import type { Core } from './core.ts';
import type { Act } from './plan.ts';
import type { AnyDelivery, ConsumerState, Native, Receipt, Verdict } from './records.ts';
import type { World } from './world.ts';

type Handler = (delivery: AnyDelivery) => Promise<void> | void;
type BatchHandler = (deliveries: readonly AnyDelivery[]) => Promise<void> | void;

export interface Handlers {
  each(consumer: ConsumerState): Handler;
  batch(consumer: ConsumerState): BatchHandler;
  /** Works on a delivery that was pulled, and settles it. */
  pulled(consumer: ConsumerState, delivery: AnyDelivery): Promise<void>;
}

const fine: Act = { kind: 'ok', ms: 0 };

/** What the application does with deliveries: what the plan says for each message, call by call. */
export function createHandlers(world: World, core: Core): Handlers {
  const { loop, monitor, trace } = world;

  function sleep(consumer: ConsumerState, ms: number): Promise<void> {
    return new Promise((resolve) => {
      loop.after(consumer.client.process, ms, resolve);
    });
  }

  /** Until `ms` have passed or the delivery's signal aborts. */
  function hang(consumer: ConsumerState, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const cancel = loop.after(consumer.client.process, ms, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  function begin(
    consumer: ConsumerState,
    delivery: AnyDelivery,
    alongside: ReadonlySet<string> = new Set([delivery.id]),
  ): { readonly receipt: Receipt; readonly act: Act } {
    const { receipt } = delivery.native as Native;
    trace?.add(
      `${consumer.name} handles ${delivery.id}#${receipt.number}, attempt ${delivery.attempt}`,
    );
    const act = receipt.stored.publication?.plan.acts[receipt.fate.starts] ?? fine;
    monitor.handlers.started(consumer, delivery, receipt, alongside, loop.now());
    if (consumer.options.handlerTimeoutMs !== undefined) {
      delivery.signal.addEventListener('abort', () => {
        const { reason } = delivery.signal as { readonly reason: unknown };
        if (
          !receipt.running ||
          loop.now() >= consumer.deadlineAt ||
          !core.IntermodalError.is(reason) ||
          reason.code !== 'timeout'
        )
          return;
        decide(consumer, delivery, { kind: 'throw', notBefore: 0 });
        // What was pulled has no handler whose return core could wait for.
        if (consumer.how.kind === 'pull') monitor.handlers.returned(receipt);
      });
    }
    return { receipt, act };
  }

  function decide(consumer: ConsumerState, delivery: AnyDelivery, verdict: Verdict): void {
    const { receipt } = delivery.native as Native;
    trace?.add(`${consumer.name} says ${verdict.kind} to ${delivery.id}#${receipt.number}`);
    monitor.handlers.decided(receipt, verdict, loop.now());
  }

  function failed(consumer: ConsumerState, delivery: AnyDelivery): Error {
    const stepMs = consumer.channel.retryStepMs ?? 0;
    decide(consumer, delivery, {
      kind: 'throw',
      notBefore: loop.now() + stepMs * delivery.attempt,
    });
    return new Error('the handler failed');
  }

  function spoil(delivery: AnyDelivery): void {
    const { body } = delivery;
    if (body instanceof Uint8Array) body.fill(0);
    else if (typeof body === 'object' && body !== null)
      Object.assign(body, { id: 'spoilt', more: true });
  }

  /** A settlement by the application: its promise may say that it came too late, and nothing else. */
  async function settled(settling: Promise<void>, delivery: AnyDelivery): Promise<string> {
    try {
      await settling;
      return 'done';
    } catch (error) {
      const code = core.IntermodalError.is(error) ? error.code : String(error);
      trace?.add(`settling ${delivery.id} says ${code}`);
      const expected = [
        'lease-lost',
        'already-settled',
        'unavailable',
        'closed',
        'timeout',
        'permission-denied',
        'unknown-outcome',
        'throttled',
        'rejected',
        'aborted',
      ];
      if (!expected.includes(code))
        monitor.ledger.violate('settle-code', `settling ${delivery.id} failed as '${code}'`);
      return code;
    }
  }

  async function perform(consumer: ConsumerState, delivery: AnyDelivery, act: Act): Promise<void> {
    switch (act.kind) {
      case 'ok':
        await sleep(consumer, act.ms);
        decide(consumer, delivery, { kind: 'ack' });
        return;
      case 'throw':
        if (act.ms > 0) await sleep(consumer, act.ms);
        if (act.mutate === true) spoil(delivery);
        throw failed(consumer, delivery);
      case 'reject': {
        await sleep(consumer, act.ms);
        const reason = `not wanted ${delivery.id}`;
        decide(consumer, delivery, { kind: 'reject', reason });
        if (act.by === 'throw') throw new core.Rejection(reason);
        await settled(delivery.reject(reason), delivery);
        return;
      }
      case 'retry':
        await sleep(consumer, act.ms);
        await settled(retry(consumer, delivery, act.delayMs), delivery);
        return;
      case 'extend':
        await extend(consumer, delivery, act);
        decide(consumer, delivery, { kind: 'ack' });
        return;
      case 'ack-early':
        decide(consumer, delivery, { kind: 'ack' });
        await settled(delivery.ack(), delivery);
        await sleep(consumer, act.ms);
        return;
      case 'hang':
        await hang(consumer, act.ms, delivery.signal);
        if (act.end === 'throw') throw failed(consumer, delivery);
        decide(consumer, delivery, { kind: 'ack' });
    }
  }

  async function extend(
    consumer: ConsumerState,
    delivery: AnyDelivery,
    act: Extract<Act, { kind: 'extend' }>,
  ): Promise<void> {
    if (world.plan.mode === 'pull') {
      const leased = delivery as AnyDelivery & { extend(leaseMs: number): Promise<void> };
      const { receipt } = delivery.native as Native;
      const until = loop.now() + act.leaseMs;
      const said = await settled(leased.extend(act.leaseMs), delivery);
      if (said === 'done' && receipt.state === 'held' && (receipt.leaseUntil ?? 0) < until)
        monitor.ledger.violate(
          'extend',
          `extend of ${delivery.id} resolved, and its lease ends ${until - (receipt.leaseUntil ?? 0)} ms before what was asked for`,
        );
    }
    await sleep(consumer, act.ms);
  }

  function retry(
    consumer: ConsumerState,
    delivery: AnyDelivery,
    delayMs: number | undefined,
  ): Promise<void> {
    const waitMs = delayMs ?? (consumer.channel.retryStepMs ?? 0) * delivery.attempt;
    decide(consumer, delivery, { kind: 'retry', notBefore: loop.now() + waitMs });
    return delivery.retry(delayMs === undefined ? undefined : { delayMs });
  }

  function enter(consumer: ConsumerState): void {
    consumer.running += 1;
    if (consumer.running > consumer.concurrency) {
      monitor.ledger.violate(
        'concurrency',
        `${consumer.name} runs ${consumer.running} handlers at once, ${consumer.concurrency} are allowed`,
      );
    }
  }

  return {
    each(consumer) {
      return (delivery): Promise<void> | undefined => {
        enter(consumer);
        const { receipt, act } = begin(consumer, delivery);
        const over = (): void => {
          monitor.handlers.returned(receipt);
          consumer.running -= 1;
        };
        if (act.kind === 'ok' && act.ms === 0) {
          decide(consumer, delivery, { kind: 'ack' });
          over();
          return undefined;
        }
        return perform(consumer, delivery, act).finally(over);
      };
    },
    batch(consumer) {
      return async (deliveries) => {
        enter(consumer);
        const { how } = consumer;
        if (how.kind === 'batch' && (deliveries.length === 0 || deliveries.length > how.max)) {
          monitor.ledger.violate(
            'batch',
            `${consumer.name} was given ${deliveries.length} deliveries at once, its limit is ${how.max}`,
          );
        }
        const alongside = new Set(deliveries.map((delivery) => delivery.id));
        const begun = deliveries.map((delivery) => ({
          delivery,
          ...begin(consumer, delivery, alongside),
        }));
        try {
          await performAll(consumer, begun);
        } finally {
          for (const { receipt } of begun) monitor.handlers.returned(receipt);
          consumer.running -= 1;
        }
      };
    },
    async pulled(consumer, delivery) {
      const { receipt, act } = begin(consumer, delivery);
      const over = (): void => {
        monitor.handlers.returned(receipt);
      };
      if (act.kind === 'hang') await hang(consumer, act.ms, delivery.signal);
      else if (act.ms > 0) await sleep(consumer, act.ms);
      if (act.kind === 'reject') {
        const reason = `not wanted ${delivery.id}`;
        decide(consumer, delivery, { kind: 'reject', reason });
        over();
        await settled(delivery.reject(reason), delivery);
        return;
      }
      if (act.kind === 'throw' || act.kind === 'retry') {
        const settling = retry(consumer, delivery, act.kind === 'retry' ? act.delayMs : undefined);
        over();
        await settled(settling, delivery);
        return;
      }
      decide(consumer, delivery, { kind: 'ack' });
      over();
      await settled(delivery.ack(), delivery);
    },
  };

  /** Where its dead letter could not be stored it comes again, and so does what is behind it. */
  async function rejectInBatch(delivery: AnyDelivery, again: Set<AnyDelivery>): Promise<void> {
    const said = await settled(delivery.reject(`not wanted ${delivery.id}`), delivery);
    if (!['done', 'lease-lost', 'already-settled'].includes(said)) again.add(delivery);
  }

  /** One after another, each as its act says; those that are fine are left to the return, which acks them. */
  async function performAll(
    consumer: ConsumerState,
    begun: readonly {
      readonly delivery: AnyDelivery;
      readonly receipt: Receipt;
      readonly act: Act;
    }[],
  ): Promise<void> {
    let failing = false;
    const left: AnyDelivery[] = [];
    const again = new Set<AnyDelivery>();
    for (const { delivery, act } of begun) {
      switch (act.kind) {
        case 'throw':
          if (act.mutate === true) spoil(delivery);
          failing = true;
          left.push(delivery);
          break;
        case 'reject':
          decide(consumer, delivery, { kind: 'reject', reason: `not wanted ${delivery.id}` });
          await rejectInBatch(delivery, again);
          break;
        case 'retry':
          await settled(retry(consumer, delivery, act.delayMs), delivery);
          break;
        case 'ack-early':
          decide(consumer, delivery, { kind: 'ack' });
          await settled(delivery.ack(), delivery);
          break;
        case 'hang':
          await hang(consumer, act.ms, delivery.signal);
          if (act.end === 'throw') failing = true;
          left.push(delivery);
          break;
        case 'extend':
          await extend(consumer, delivery, act);
          left.push(delivery);
          break;
        case 'ok':
          await sleep(consumer, act.ms);
          left.push(delivery);
          break;
      }
    }
    const behind = new Set<string>();
    for (const { delivery, receipt } of begun) {
      const { key } = delivery;
      const ordered = receipt.lane !== undefined && key !== undefined;
      if (left.includes(delivery)) {
        if (ordered && behind.has(key)) decide(consumer, delivery, { kind: 'behind' });
        else if (failing) failed(consumer, delivery);
        else decide(consumer, delivery, { kind: 'ack' });
      }
      const comesAgain =
        again.has(delivery) ||
        receipt.verdict?.kind === 'throw' ||
        receipt.verdict?.kind === 'retry';
      if (ordered && comesAgain) behind.add(key);
    }
    if (failing) throw new Error('the batch failed');
  }
}
