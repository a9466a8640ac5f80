import type { Engine } from './runner.ts';
import { decodeBody, unwrapMessage } from './decode.ts';
import { DeliveryHandle } from './delivery-handle.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { wireNames } from './header-packing.ts';
import type { Held } from './held.ts';
import { isThenable } from './validate.ts';

/**
 * Makes the delivery that a handler sees, from the wire each time, so that what one attempt did to its body never reaches
 * the next. Gives nothing where there is nothing to handle: it was refused, or is a control message.
 */
export function hand(
  engine: Engine,
  held: Held,
): DeliveryHandle | undefined | Promise<DeliveryHandle | undefined> {
  const { plan } = engine;
  const { wire } = held;
  if (held.leaseUntil !== Infinity && held.leaseUntil <= plan.wheel.clock.now()) {
    engine.expired(held);
    return undefined;
  }
  const attempt = (wire.attempt ?? 1) + held.localRetries;
  if (wire.undecodable !== undefined) return refuse(engine, held, attempt, wire.undecodable);
  if (wire.message.headers.size > 0 && wire.message.headers.has(wireNames.control)) {
    plan.telemetry?.({
      type: 'control-skipped',
      channel: plan.channel,
      group: plan.group,
      id: wire.message.id,
    });
    const handle = new DeliveryHandle(held, wire.message, undefined, attempt, engine.owner);
    handle.intent = { action: 'ack' };
    held.handle = handle;
    engine.owner.settle(handle, handle.intent);
    return undefined;
  }
  let message: WireMessage;
  let body: unknown;
  try {
    message = unwrapMessage(plan.source, wire.message, plan.cloudEventsPrefix);
    body = decodeBody(plan.source, message);
  } catch (error) {
    return refuse(engine, held, attempt, error);
  }
  if (!isThenable(body)) return new DeliveryHandle(held, message, body, attempt, engine.owner);
  return Promise.resolve(body).then(
    (decoded) => new DeliveryHandle(held, message, decoded, attempt, engine.owner),
    (error: unknown) => refuse(engine, held, attempt, error),
  );
}

function refuse(engine: Engine, held: Held, attempt: number, cause: unknown): undefined {
  const error = IntermodalError.from(cause, { code: 'invalid-message' });
  const handle = new DeliveryHandle(held, held.wire.message, undefined, attempt, engine.owner);
  engine.refuse(held, handle, error);
  return undefined;
}
