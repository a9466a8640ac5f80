import type { MqttClient } from 'mqtt';
import { encodePubacks } from './packet.ts';
import { writeTogether } from './write-together.ts';

/** What MQTT.js keeps to itself and must be changed here; `held-acks.test.ts` says when a version has moved it. */
interface HiddenClient {
  _sendPacket(
    packet: { readonly cmd: string; readonly messageId?: number },
    done?: (error?: Error) => void,
    ...more: readonly unknown[]
  ): void;
}

/**
 * MQTT.js sends the PUBACK of a message when its listeners have returned, and to wait for a handler would hold up every
 * other packet. So none is sent, and it goes on as if it were; the function returned sends those of messages.
 */
export function holdAcks(client: MqttClient): (messageIds: readonly number[]) => void {
  const hidden = client as unknown as HiddenClient;
  const send = hidden._sendPacket.bind(client);
  hidden._sendPacket = (packet, done, ...more) => {
    if (packet.cmd === 'puback') done?.();
    else send(packet, done, ...more);
  };
  const write = writeTogether(client.stream);
  return (messageIds) => {
    write(encodePubacks(messageIds));
  };
}
