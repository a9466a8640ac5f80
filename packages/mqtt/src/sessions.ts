import {
  type Address,
  IntermodalError,
  type Receiver,
  type ReceiverOptions,
  systemClock,
} from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import { placeOf } from './engine.ts';
import { holdAcks } from './held-acks.ts';
import { type Membership, watchMembership } from './membership.ts';
import type { Opener } from './opener.ts';
import type { Settings } from './options.ts';
import { createIntake } from './receiver.ts';
import { filtersOf, sessionId, subscribe } from './session.ts';
import { unlessAborted } from './unless-aborted.ts';

/** The sessions of groups. A broker gives one to the last that asks for it, so that each is used once at a time. */
export interface Sessions {
  /** @throws `unsupported` where it has a receiver already */
  receive(address: Address, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver>;
  /** Makes it, unless it has a receiver here. A receiver elsewhere loses it for a moment. */
  create(address: Address, signal: AbortSignal): Promise<void>;
  /** As `create`, once. */
  ensure(address: Address, signal: AbortSignal): Promise<void>;
  /** @throws `not-found` */
  verify(address: Address, signal: AbortSignal): Promise<void>;
  remove(address: Address, signal: AbortSignal): Promise<void>;
}

interface Session {
  readonly membership: Membership;
  /** Whether it is there: it was made here, or with its group. */
  known: boolean;
  connection: Connection | undefined;
  /** Resolves when it is open or has failed. */
  opening: Promise<void> | undefined;
}

function isUsed(session: Session | undefined): boolean {
  if (session === undefined) return false;
  const { connection, opening } = session;
  return opening !== undefined || (connection !== undefined && connection.over === undefined);
}

export function createSessions(opener: Opener, settings: Settings, isOrdered: boolean): Sessions {
  const { broker, naming, protocol } = settings;
  const all = new Map<string, Session>();

  function sessionOf(clientId: string): Session {
    const found = all.get(clientId) ?? {
      membership: watchMembership(systemClock),
      known: false,
      connection: undefined,
      opening: undefined,
    };
    all.set(clientId, found);
    return found;
  }

  async function create(address: Address, signal: AbortSignal): Promise<void> {
    const found = all.get(sessionId(settings, address));
    // Until it has subscribed nothing is kept for it.
    if (found?.opening !== undefined) await unlessAborted(found.opening, signal);
    if (isUsed(found)) return;
    const place = placeOf(broker, address, naming);
    await use(address, false, signal, (opened) =>
      subscribe(opened, filtersOf(settings, address, place), settings, place.phrase, signal),
    );
    sessionOf(sessionId(settings, address)).known = true;
  }

  async function isThere(address: Address, signal: AbortSignal): Promise<boolean> {
    const found: boolean[] = [];
    await use(address, false, signal, ({ connack }) => {
      found.push(connack.sessionPresent);
      return Promise.resolve();
    });
    return found[0] === true;
  }

  /** Made with a new group, and not at its first dead letter: somebody may read them then, who would lose the session. */
  async function keepDeadLetters(
    { channel, group = channel, role }: Address,
    isOldGroup: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const dead: Address = { channel, group, role: 'dead-letter' };
    const session = sessionOf(sessionId(settings, dead));
    session.known ||= isOldGroup;
    if (role === 'dead-letter' || session.known) return;
    try {
      await create(dead, signal);
    } catch (error) {
      // They may have another place; where not, the first one says so, and its message stays.
      if (!IntermodalError.is(error, 'permission-denied')) throw error;
    }
  }

  async function use(
    address: Address,
    clean: boolean,
    signal: AbortSignal,
    work: (connection: Connection) => Promise<void>,
  ): Promise<void> {
    const clientId = sessionId(settings, address);
    // What comes meanwhile is for the consumer: nothing of it is acked.
    const connection = await opener.open({ clientId, clean, keeps: !clean }, signal, holdAcks);
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  }

  function refusal(phrase: string): IntermodalError {
    const text = `${phrase}: the group has another member, and here it can have one: stop that, or choose another group`;
    return new IntermodalError('unsupported', text, { transport: 'mqtt', address: phrase });
  }

  async function open(
    session: Session,
    address: Address,
    { prefetch }: ReceiverOptions,
    signal: AbortSignal,
  ): Promise<Receiver> {
    const { membership } = session;
    const place = placeOf(broker, address, naming);
    const intake = createIntake({
      settings,
      form: {
        protocol,
        envelope: address.role === 'dead-letter' ? 'cloudevents' : settings.envelope,
        channel: address.channel,
      },
      isOrdered: isOrdered && address.role === 'main',
    });
    const clientId = sessionId(settings, address);
    const receiveMaximum = Math.min(Math.max(prefetch, 1), 65_535);
    const identity = { clientId, clean: false, keeps: true, receiveMaximum };
    let connection: Connection;
    try {
      connection = await opener.open(identity, signal, intake.attach);
    } catch (error) {
      membership.failed();
      throw error;
    }
    session.connection = connection;
    membership.opened();
    const dead = connection.dead.then((error) =>
      error !== undefined && membership.ended(connection.end) ? refusal(place.phrase) : error,
    );
    try {
      await keepDeadLetters(address, connection.connack.sessionPresent, signal);
      const filters = filtersOf(settings, address, place);
      await subscribe(connection, filters, settings, place.phrase, signal);
    } catch (error) {
      const died = connection.over !== undefined;
      await connection.close();
      throw (died ? await dead : undefined) ?? error;
    }
    return intake.receiver(connection, dead);
  }

  return {
    async receive(address, options, signal) {
      const session = sessionOf(sessionId(settings, address));
      // One that is just being closed is no other member.
      if (session.connection?.closing === true) await session.connection.dead;
      if (isUsed(session)) throw refusal(placeOf(broker, address, naming).phrase);
      const opening = open(session, address, options, signal);
      const over = (): void => {
        session.opening = undefined;
      };
      session.opening = opening.then(over, over);
      return opening;
    },

    create,

    async ensure(address, signal) {
      if (!sessionOf(sessionId(settings, address)).known) await create(address, signal);
    },

    async verify(address, signal) {
      const clientId = sessionId(settings, address);
      if (isUsed(all.get(clientId)) || (await isThere(address, signal))) return;
      // Asking has made it.
      await use(address, true, signal, () => Promise.resolve());
      const { phrase } = placeOf(broker, address, naming);
      const text = `${phrase}: the broker has no session '${clientId}': provision the group`;
      throw new IntermodalError('not-found', text, { transport: 'mqtt', address: phrase });
    },

    remove: (address, signal) => use(address, true, signal, () => Promise.resolve()),
  };
}
