import { randomUUID } from 'node:crypto';
import { type Clock, IntermodalError, systemClock, wireNames } from '@intermodal/core/driver';
import rhea, { type EventContext } from 'rhea';
import type { Connection } from './connection.ts';
import { phraseOf, type Place } from './engine.ts';
import { openReceiverLink, openSenderLink } from './link.ts';

// A consumer of the group that is there already may be faster; it acks a control message.
const takenWithinMs = 1_000;

/**
 * Makes a queue of ActiveMQ, and has it survive a restart: one in which no message has ever been is forgotten, and what is
 * published then is not kept for it. So a control message is stored in it, and taken out again.
 *
 * `connect` gives a connection with a place for a session.
 *
 * @throws mapped errors
 */
export async function anchorQueue(
  connect: () => Promise<Connection>,
  place: Place,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const asked = { name: phraseOf(place) };
  const address = place.link;
  const mark = `provision-${randomUUID()}`;
  const filter = rhea.filter.selector(`${wireNames.control} = '${mark}'`);
  const taking = await openReceiverLink(
    await connect(),
    { source: { address, durable: 2, filter } },
    asked,
    signal,
  );
  const taken = new Promise<void>((resolve) => {
    const cancel = clock.setTimer(resolve, takenWithinMs);
    taking.link.on('message', ({ delivery }: EventContext) => {
      delivery?.accept();
      cancel();
      resolve();
    });
    void taking.life.dead.then(() => {
      cancel();
      resolve();
    });
  });
  taking.link.add_credit(1);
  const storing = await openSenderLink(
    await connect(),
    { target: { address, durable: 2 } },
    asked,
    signal,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      storing.link.on('settled', () => {
        resolve();
      });
      void storing.life.dead.then((error) => {
        const text = `${asked.name}: the connection broke while it was made`;
        reject(error ?? new IntermodalError('unavailable', text, { transport: 'amqp1' }));
      });
      storing.link.send({
        durable: true,
        application_properties: { [wireNames.control]: mark },
        body: '',
      });
    });
    await taken;
  } finally {
    await Promise.all([taking.life.close(signal), storing.life.close(signal)]);
  }
}
