import type { Socket } from 'node:net';
import {
  type Connected,
  type ConnectionProxy,
  type Pair,
  startConnectionProxy,
} from '@intermodal/brokers/connection-proxy';
import {
  createPacketReader,
  messageIdOf,
  type Packet,
  pubackOf,
  refusedConnack,
  types,
  versionOf,
} from './mqtt-packets.ts';

/** A proxy before a broker that knows the protocol: it refuses single messages and loses single answers. */
export interface MqttProxy extends ConnectionProxy {
  /** Most messages of one client that were under way without a PUBACK. */
  readonly mostUnconfirmed: number;
  /** Ids of the messages that clients have acked, in the order in which they did. */
  readonly acked: readonly number[];
  /** Ends connections in order (FIN), as a broker does. */
  end(): void;
  /** The next messages do not reach the broker: the client is told so by that reason, in version 5. */
  refuse(count: number, reason: number): void;
  /** The next PUBACKs do not reach the client; the connection breaks instead. */
  loseAnswers(count: number): void;
  /** Who logs in from now on is refused. */
  deny(): void;
}

interface Troubles {
  refusals: number;
  reason: number;
  lostAnswers: number;
  denied: boolean;
  /** Of each open connection. */
  readonly ends: Set<() => void>;
  readonly acked: number[];
  mostUnconfirmed: number;
}

export async function startMqttProxy(target: { host: string; port: number }): Promise<MqttProxy> {
  const troubles: Troubles = {
    refusals: 0,
    reason: 0,
    lostAnswers: 0,
    denied: false,
    ends: new Set(),
    acked: [],
    mostUnconfirmed: 0,
  };
  const proxy = await startConnectionProxy(target, (connected) => proxied(connected, troubles));
  return {
    ...proxy,
    get accepted() {
      return proxy.accepted;
    },
    get mostUnconfirmed() {
      return troubles.mostUnconfirmed;
    },
    acked: troubles.acked,
    end() {
      for (const end of [...troubles.ends]) end();
    },
    refuse(count, reason) {
      troubles.refusals = count;
      troubles.reason = reason;
    },
    loseAnswers(count) {
      troubles.lostAnswers = count;
    },
    deny() {
      troubles.denied = true;
    },
  };
}

function proxied({ client, server, frozen, closed }: Connected, troubles: Troubles): Pair {
  let swallowing = false;
  let openSides = 2;
  let unconfirmed = 0;

  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const end = (): void => {
    client.end();
    server.destroy();
  };
  troubles.ends.add(end);
  const write = (to: Socket, bytes: Buffer): void => {
    if (!swallowing && to.writable) to.write(bytes);
  };

  function fromClient(packet: Packet): void {
    if (packet.type === types.connect && troubles.denied) {
      client.end(refusedConnack(versionOf(packet)));
      server.destroy();
      return;
    }
    const messageId = messageIdOf(packet);
    if (packet.type === types.publish && messageId !== undefined && troubles.refusals > 0) {
      troubles.refusals -= 1;
      write(client, pubackOf(messageId, troubles.reason));
      return;
    }
    if (packet.type === types.publish && messageId !== undefined) {
      unconfirmed += 1;
      troubles.mostUnconfirmed = Math.max(troubles.mostUnconfirmed, unconfirmed);
    }
    if (packet.type === types.puback && messageId !== undefined) troubles.acked.push(messageId);
    write(server, packet.bytes);
  }

  function fromServer(packet: Packet): void {
    if (packet.type === types.puback && troubles.lostAnswers > 0) {
      troubles.lostAnswers -= 1;
      cut();
      return;
    }
    if (packet.type === types.puback) unconfirmed -= 1;
    write(client, packet.bytes);
  }

  /** One after another, however long the proxy is frozen. */
  function pass(from: Socket, to: Socket, onPacket: (packet: Packet) => void): void {
    const read = createPacketReader(onPacket);
    let turn = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      turn = turn.then(async () => {
        while (frozen() !== undefined) await frozen();
        read(chunk);
      });
    });
    from.on('end', () => {
      void turn.then(() => to.end());
    });
    from.on('error', () => {
      to.destroy();
    });
    from.on('close', () => {
      openSides -= 1;
      to.destroy();
      if (openSides > 0) return;
      troubles.ends.delete(end);
      closed();
    });
  }

  pass(client, server, fromClient);
  pass(server, client, fromServer);
  return {
    cut,
    blackHole() {
      swallowing = true;
    },
  };
}
