import { randomUUID } from 'node:crypto';
import { type Address, type Admin, IntermodalError, wireNames } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import { type Place, placeOf } from './engine.ts';
import { type Frame, frameText, headerLines } from './frames.ts';
import type { Settings } from './options.ts';
import { subscribe } from './subscription.ts';

export interface Reach {
  connect(address: Address, signal: AbortSignal): Promise<Connection>;
  /** Proves that the place is there and may be used; ActiveMQ makes it. */
  probe(address: Address, signal: AbortSignal): Promise<void>;
}

/** What each broker can be told by STOMP alone. */
export function createAdmin(reach: Reach, settings: Settings): Admin {
  return settings.broker === 'activemq' ? making(reach, settings) : probing(reach);
}

function unsupported(text: string, { channel }: Address): IntermodalError {
  return new IntermodalError('unsupported', text, { transport: 'stomp', address: channel });
}

function probing(reach: Reach): Admin {
  return {
    async provision(address, plan, signal) {
      if (plan.mode === 'create') {
        const text =
          "RabbitMQ declares no exchange by STOMP: use mode 'verify', and provision by @intermodal/amqp, whose topology is the same, or by its management";
        throw unsupported(text, address);
      }
      await reach.probe({ channel: address.channel, role: 'main' }, signal);
      if (address.native !== undefined || address.group !== undefined)
        await reach.probe(address, signal);
      if (plan.deadLetter !== undefined) await reach.probe(plan.deadLetter, signal);
    },
  };
}

function making(reach: Reach, settings: Settings): Admin {
  return {
    async provision(address, plan, signal) {
      if (plan.mode === 'verify') {
        const text =
          "ActiveMQ makes what is asked for, so that nothing can be verified: use mode 'create'";
        throw unsupported(text, address);
      }
      const places = [address, ...(plan.deadLetter === undefined ? [] : [plan.deadLetter])];
      for (const each of places) {
        const place = placeOf(settings.broker, each, settings.naming);
        if (place.kind === 'topic') await reach.probe(each, signal);
        else await anchorQueue(await reach.connect(each, signal), place, settings, signal);
      }
    },
  };
}

/**
 * Makes a queue of ActiveMQ, and has it survive a restart: one in which no message has ever been is forgotten, and what is
 * published then is not kept for it. So a control message is stored in it, and taken out again.
 */
async function anchorQueue(
  connection: Connection,
  place: Place,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  const mark = `provision-${randomUUID()}`;
  const selector = `${wireNames.control} = '${mark}'`;
  let onTaken = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    onTaken = resolve;
  });
  const onMessage = ({ headers }: Frame): void => {
    const id = headers.get('ack');
    if (id === undefined) return;
    connection.write(frameText('ACK', [['id', id]]));
    onTaken();
  };
  try {
    const setup = { connection, place, group: '', settings, prefetch: 1, selector };
    await subscribe(setup, onMessage, signal);
    await store(connection, place, mark);
    // A consumer of the group that is there already may be faster; it acks a control message.
    await Promise.race([taken, aMoment(connection)]);
  } finally {
    await connection.close(signal);
  }
}

async function store(connection: Connection, place: Place, mark: string): Promise<void> {
  const headers = headerLines([
    ['destination', place.destination],
    ['persistent', 'true'],
    [wireNames.control, mark],
  ]);
  await new Promise<void>((resolve, reject) => {
    const receipt = connection.receipt((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    connection.write(`SEND\nreceipt:${receipt}\n${headers}\n\0`);
  });
}

const takenWithinMs = 1_000;

async function aMoment(connection: Connection): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, takenWithinMs);
    void connection.dead.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
