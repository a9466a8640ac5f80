import { randomUUID } from 'node:crypto';
import {
  type Address,
  IntermodalError,
  type Sender,
  type Transport,
} from '@intermodal/core/driver';
import { capabilitiesOf, isOrdered, type MqttCapabilities } from './capabilities.ts';
import { type MqttBroker, type MqttProtocol, placeOf } from './engine.ts';
import { createOpener } from './opener.ts';
import { type MqttTransportOptions, resolveOptions } from './options.ts';
import { createAdmin } from './provision.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createSender } from './sender.ts';
import { createSessions } from './sessions.ts';
import { proveSharing } from './sharing.ts';
import { unlessAborted } from './unless-aborted.ts';

/**
 * Mosquitto, ActiveMQ Classic, RabbitMQ and others by MQTT 5 or 3.1.1, with QoS 1. What it can do depends on `broker`,
 * `protocol` and `member`.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function mqttTransport<
  const B extends MqttBroker,
  const P extends MqttProtocol,
  const M extends string | undefined = undefined,
  const E extends 'cloudevents' | 'none' | undefined = undefined,
>(options: MqttTransportOptions<B, P, M, E>): Transport<MqttCapabilities<B, P, M, E>> {
  const settings = resolveOptions(options);
  const { broker, naming } = settings;
  const ordered = isOrdered(settings);
  const opener = createOpener(settings);
  const sessions = createSessions(opener, settings, ordered);
  let publishing: Promise<Publisher> | undefined;
  let hasShared = false;

  function newId(purpose: string): string {
    return `${settings.clientIdPrefix}-${purpose}-${randomUUID()}`;
  }

  /** Shared by all senders; apart from those that consume, since a broker that holds it up reads nothing more of it. */
  function publisher(): Promise<Publisher> {
    if (publishing !== undefined) return publishing;
    const identity = { clientId: newId('publish'), clean: true, keeps: false };
    // Of all who wait for it: none of them ends it by giving up.
    const never = new AbortController().signal;
    const opening = opener
      .open(identity, never)
      .then((connection) => createPublisher(connection, settings));
    publishing = opening;
    const forget = (): void => {
      if (publishing === opening) publishing = undefined;
    };
    opening.then(({ connection }) => void connection.dead.then(forget), forget);
    return opening;
  }

  /** What is published where nobody has subscribed is dropped, and a dead letter must not be. */
  function keeping(address: Address, sender: Sender): Sender {
    if (address.role === 'main' || address.native !== undefined) return sender;
    return {
      ...sender,
      async send(batch, signal) {
        try {
          await sessions.ensure(address, signal);
        } catch (cause) {
          const error = IntermodalError.from(cause);
          return batch.map(() => ({ ok: false, certainty: 'rejected', error }));
        }
        return sender.send(batch, signal);
      },
    };
  }

  return {
    name: 'mqtt',
    capabilities: capabilitiesOf(settings),
    // As the binding of CloudEvents to MQTT has it.
    cloudEventsPrefix: '',

    async openSender(address, signal) {
      const place = placeOf(broker, address, naming);
      const opened = await unlessAborted(publisher(), signal);
      const isLane = ordered && address.role === 'main';
      const { role } = address;
      return keeping(address, createSender(opened, { place, settings, role, isOrdered: isLane }));
    },

    async openReceiver(address, receiverOptions, signal) {
      if (settings.member !== undefined && !hasShared) {
        await proveSharing(opener, settings, placeOf(broker, address, naming).topic, signal);
        hasShared = true;
      }
      return sessions.receive(address, receiverOptions, signal);
    },

    admin: createAdmin(sessions, settings),

    /** A group's own session is left alone: to ask for it would take it from its consumer. */
    async check(_address, signal) {
      const identity = { clientId: newId('check'), clean: true, keeps: false };
      const connection = await opener.open(identity, signal);
      await connection.close();
    },

    close: () => opener.close(),
  };
}
