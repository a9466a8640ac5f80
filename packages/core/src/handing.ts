import type { Engine } from './runner.ts';
import { decodeBody } from './decode.ts';
import { DeliveryHandle } from './delivery-handle.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { fromCloudEvent } from './cloud-events.ts';
import type { Held } from './held.ts';

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
  const attempt = (wire.attempt ?? 1) + held.localRetries;
  if (wire.undecodable !== undefined) return refuse(engine, held, attempt, wire.undecodable);
  if (wire.message.headers.size > 0 && wire.message.headers.has('imctl')) {
    plan.telemetry?.({
      type: 'control-skipped',
      channel: plan.channel,
      group: plan.group,
      id: wire.message.id,
    });
    const handle = new DeliveryHandle(held, undefined, wire.message.headers, attempt, engine.owner);
    handle.intent = { action: 'ack' };
    held.handle = handle;
    engine.owner.settle(handle, handle.intent);
    return undefined;
  }
  let message: WireMessage;
  let body: unknown;
  try {
    message =
      plan.source.cloudEvents === undefined
        ? wire.message
        : fromCloudEvent(wire.message, plan.cloudEventsPrefix);
    body = decodeBody(plan.source, message);
  } catch (error) {
    return refuse(engine, held, attempt, error);
  }
  if (!(body instanceof Promise))
    return new DeliveryHandle(held, body, message.headers, attempt, engine.owner);
  return body.then(
    (decoded: unknown) => new DeliveryHandle(held, decoded, message.headers, attempt, engine.owner),
    (error: unknown) => refuse(engine, held, attempt, error),
  );
}

function refuse(engine: Engine, held: Held, attempt: number, cause: unknown): undefined {
  const error = IntermodalError.from(cause, { code: 'invalid-message' });
  const handle = new DeliveryHandle(
    held,
    undefined,
    held.wire.message.headers,
    attempt,
    engine.owner,
  );
  engine.refuse(held, handle, error.message);
  return undefined;
}
