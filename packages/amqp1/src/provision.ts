import { type Address, type Admin, type Backlog, IntermodalError } from '@intermodal/core/driver';
import { anchorQueue } from './anchor.ts';
import type { Connection } from './connection.ts';
import { deadLettersOf, phraseOf, placeOf } from './engine.ts';
import { type Management, withManagement } from './management.ts';
import type { Settings } from './options.ts';
import { checkDeliveryLimit, declarePlace, deleteAt, queueState, verifyPlace } from './topology.ts';

export interface Reach {
  /** A connection with a place for a session. */
  connect(signal: AbortSignal): Promise<Connection>;
  /** Proves that the place is there and may be used; ActiveMQ makes it. */
  probe(address: Address, signal: AbortSignal): Promise<void>;
}

/** What each broker can be told by AMQP 1.0 alone. */
export function createAdmin(reach: Reach, settings: Settings): Admin {
  if (settings.broker === 'rabbitmq') return managed(reach, settings);
  return settings.broker === 'rabbitmq3' ? probing(reach) : making(reach, settings);
}

function unsupported(text: string, { channel }: Address): IntermodalError {
  return new IntermodalError('unsupported', text, { transport: 'amqp1', address: channel });
}

/** RabbitMQ 3. */
function probing(reach: Reach): Admin {
  return {
    async provision(address, plan, signal) {
      if (plan.mode === 'create') {
        const text =
          "RabbitMQ 3 declares no exchange by AMQP 1.0: use mode 'verify', and provision by @intermodal/amqp, whose topology is the same, or by its management";
        throw unsupported(text, address);
      }
      await reach.probe({ channel: address.channel, role: 'main' }, signal);
      if (address.native !== undefined || address.group !== undefined)
        await reach.probe(address, signal);
      if (plan.deadLetter !== undefined) await reach.probe(plan.deadLetter, signal);
    },
  };
}

/** ActiveMQ. */
function making(reach: Reach, { broker, naming }: Settings): Admin {
  return {
    async provision(address, plan, signal) {
      if (plan.mode === 'verify') {
        const text =
          "ActiveMQ makes what is asked for, so that nothing can be verified: use mode 'create'";
        throw unsupported(text, address);
      }
      await reach.probe({ channel: address.channel, role: 'main' }, signal);
      if (plan.deadLetter !== undefined) await reach.probe(plan.deadLetter, signal);
      const place = placeOf(broker, address, naming);
      if (place.kind === 'queue') await anchorQueue(() => reach.connect(signal), place, signal);
    },
  };
}

function managed(reach: Reach, settings: Settings): Admin {
  const { broker, naming } = settings;

  async function manage<T>(
    address: Address,
    signal: AbortSignal,
    work: (management: Management) => Promise<T>,
  ): Promise<T> {
    const connection = await reach.connect(signal);
    return withManagement(connection, phraseOf(placeOf(broker, address, naming)), signal, work);
  }

  function pathOf(address: Address): string {
    const { kind, name } = placeOf(broker, address, naming);
    return `/${kind}s/${encodeURIComponent(name)}`;
  }

  async function ensure(
    address: Address,
    mode: 'create' | 'verify',
    signal: AbortSignal,
  ): Promise<void> {
    if (address.native !== undefined) {
      await reach.probe(address, signal);
      return;
    }
    if (mode === 'create') {
      await manage(address, signal, (management) => declarePlace(management, address, settings));
      return;
    }
    await reach.probe({ channel: address.channel, role: 'main' }, signal);
    await manage(address, signal, (management) => verifyPlace(management, address, settings));
  }

  return {
    async provision(address, plan, signal) {
      checkDeliveryLimit(settings, plan.maxAttempts);
      await ensure(address, plan.mode, signal);
      const { deadLetter } = plan;
      // Those of the group itself are part of it.
      if (deadLetter?.native !== undefined) await ensure(deadLetter, plan.mode, signal);
    },

    /** RabbitMQ tells what is ready, and not what consumers hold. */
    async backlog(address, signal): Promise<Backlog> {
      const dead = deadLettersOf(address);
      return manage(address, signal, async (management) => {
        const ready = await countOf(management, placeOf(broker, address, naming).name);
        const deadLettered =
          address.role === 'main'
            ? await countOf(management, placeOf(broker, dead, naming).name).catch(noneIfMissing)
            : 0;
        return { ready, inFlight: 0, delayed: 0, deadLettered, exact: false };
      });
    },

    async purge(address, signal) {
      const path = `${pathOf(address)}/messages`;
      const what = phraseOf(placeOf(broker, address, naming));
      await manage(address, signal, (management) => deleteAt(management, path, what));
    },

    /** A group goes with its dead letters; without a group the exchange goes. */
    async remove(address, signal) {
      const all =
        address.role === 'main' && address.group !== undefined
          ? [address, deadLettersOf(address)]
          : [address];
      await manage(address, signal, async (management) => {
        for (const each of all)
          await deleteAt(management, pathOf(each), phraseOf(placeOf(broker, each, naming)));
      });
    },
  };
}

async function countOf(management: Management, queue: string): Promise<number> {
  return Number((await queueState(management, queue))['message_count'] ?? 0);
}

function noneIfMissing(error: unknown): number {
  if (IntermodalError.is(error, 'not-found')) return 0;
  throw error;
}
