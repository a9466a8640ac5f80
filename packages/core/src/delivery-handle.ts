import type { DeliveryBase } from './delivery.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { Held } from './held.ts';

/** How a delivery is to be settled. */
export type Intent =
  | { readonly action: 'ack' }
  | { readonly action: 'retry'; readonly delayMs: number | undefined; readonly error: unknown }
  | { readonly action: 'reject'; readonly reason: string };

/** What a delivery asks of its consumer. */
export interface DeliveryOwner {
  readonly channel: string;
  readonly group: string;
  settle(handle: DeliveryHandle, intent: Intent): void;
  extend(held: Held, leaseMs: number): Promise<void>;
}

/** The delivery that a handler sees: one attempt. A class, since one is made per message. */
export class DeliveryHandle implements DeliveryBase<unknown> {
  readonly held: Held;
  /** What the handler is to see: out of its CloudEvent where it came in one. */
  readonly message: WireMessage;
  readonly body: unknown;
  readonly attempt: number;
  readonly #owner: DeliveryOwner;
  /** Set by the first settlement, by whoever makes it. */
  intent: Intent | undefined;
  /** The handler's time is over, and it has not returned. */
  abandoned = false;
  /** Set where no handler's return tells that the application is done with it: called when it settles, or is lost. */
  onOver: (() => void) | undefined;
  #abort: AbortController | undefined;
  #aborted: IntermodalError | undefined;
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: IntermodalError) => void) | undefined;
  #outcome: 'done' | IntermodalError | undefined;

  constructor(
    held: Held,
    message: WireMessage,
    body: unknown,
    attempt: number,
    owner: DeliveryOwner,
  ) {
    this.held = held;
    this.message = message;
    this.body = body;
    this.attempt = attempt;
    this.#owner = owner;
  }

  get id(): string {
    return this.message.id;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.message.headers;
  }

  get channel(): string {
    return this.#owner.channel;
  }

  get group(): string {
    return this.#owner.group;
  }

  get key(): string | undefined {
    return this.message.key;
  }

  get publishedAt(): Date | undefined {
    const at = this.message.publishedAt;
    return at === undefined ? undefined : new Date(at);
  }

  get redelivered(): boolean {
    return this.held.wire.redelivered === true || this.attempt > 1;
  }

  get native(): unknown {
    return this.held.wire.native;
  }

  get position(): string | undefined {
    return this.held.wire.position;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#aborted !== undefined) this.#abort.abort(this.#aborted);
    return this.#abort.signal;
  }

  ack(): Promise<void> {
    return this.#settle({ action: 'ack' });
  }

  retry(options: { readonly delayMs?: number } = {}): Promise<void> {
    const { delayMs } = options;
    if (delayMs !== undefined && !(delayMs >= 0 && Number.isFinite(delayMs))) {
      return Promise.reject(
        new IntermodalError(
          'invalid-argument',
          `delayMs must be 0 or more milliseconds, not ${delayMs}`,
        ),
      );
    }
    return this.#settle({ action: 'retry', delayMs, error: undefined });
  }

  reject(reason: string): Promise<void> {
    return this.#settle({ action: 'reject', reason });
  }

  extend(leaseMs: number): Promise<void> {
    if (!(leaseMs > 0 && Number.isFinite(leaseMs))) {
      return Promise.reject(
        new IntermodalError(
          'invalid-argument',
          `leaseMs must be more than 0 milliseconds, not ${leaseMs}`,
        ),
      );
    }
    return this.#owner.extend(this.held, leaseMs);
  }

  #settle(intent: Intent): Promise<void> {
    const first = this.intent;
    this.intent ??= this.held.lost ? undefined : intent;
    this.onOver?.();
    if (first !== undefined) {
      if (alike(first, intent)) return this.#settled();
      const text = `this delivery was settled before with '${first.action}'`;
      return Promise.reject(
        new IntermodalError('already-settled', text, { address: this.channel }),
      );
    }
    if (this.held.lost) return Promise.reject(this.leaseLost());
    const settled = this.#settled();
    this.#owner.settle(this, intent);
    return settled;
  }

  #settled(): Promise<void> {
    if (this.#promise !== undefined) return this.#promise;
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who settles and does not wait hears of a failure through `signal`, `done` and telemetry.
    this.#promise.catch(() => undefined);
    if (this.#outcome !== undefined) this.conclude(this.#outcome);
    return this.#promise;
  }

  /** Answers who waits for the settlement. */
  conclude(outcome: 'done' | IntermodalError): void {
    this.#outcome = outcome;
    if (outcome === 'done') this.#resolve?.();
    else this.#reject?.(outcome);
  }

  /** Tells the handler to stop. */
  abort(error: IntermodalError): void {
    this.#aborted ??= error;
    this.#abort?.abort(error);
  }

  leaseLost(): IntermodalError {
    const text =
      'this delivery is no longer ours: its lease or connection was lost, and it will be delivered again';
    return new IntermodalError('lease-lost', text, { address: this.channel });
  }
}

function alike(one: Intent, other: Intent): boolean {
  if (one.action === 'retry' && other.action === 'retry') return one.delayMs === other.delayMs;
  if (one.action === 'reject' && other.action === 'reject') return one.reason === other.reason;
  return one.action === other.action;
}
