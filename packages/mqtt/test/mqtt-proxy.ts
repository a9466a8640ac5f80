import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
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
export interface MqttProxy extends AsyncDisposable {
  readonly port: number;
  /** Clients that have connected so far. */
  readonly accepted: number;
  /** Most messages of one client that were under way without a PUBACK. */
  readonly mostUnconfirmed: number;
  /** Ids of the messages that clients have acked, in the order in which they did. */
  readonly acked: readonly number[];
  cut(): void;
  /** Ends connections in order (FIN), as a broker does. */
  end(): void;
  /** Nothing goes through until the function it returns is called. */
  freeze(): () => void;
  /** Open connections swallow everything from now on. */
  blackHole(): void;
  /** The next messages do not reach the broker: the client is told so by that reason, in version 5. */
  refuse(count: number, reason: number): void;
  /** The next PUBACKs do not reach the client; the connection breaks instead. */
  loseAnswers(count: number): void;
  /** Who logs in from now on is refused. */
  deny(): void;
  stop(): Promise<void>;
}

interface Troubles {
  refusals: number;
  reason: number;
  lostAnswers: number;
  denied: boolean;
  readonly acked: number[];
  mostUnconfirmed: number;
  frozen: Promise<void> | undefined;
}

interface Pair {
  cut(): void;
  end(): void;
  blackHole(): void;
}

export async function startMqttProxy(target: { host: string; port: number }): Promise<MqttProxy> {
  const pairs = new Set<Pair>();
  const troubles: Troubles = {
    refusals: 0,
    reason: 0,
    lostAnswers: 0,
    denied: false,
    acked: [],
    mostUnconfirmed: 0,
    frozen: undefined,
  };
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    const pair = proxied(client, connect(target), troubles, () => pairs.delete(pair));
    pairs.add(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): void => {
    for (const pair of [...pairs]) pair.cut();
  };
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get mostUnconfirmed() {
      return troubles.mostUnconfirmed;
    },
    acked: troubles.acked,
    cut,
    end() {
      for (const pair of [...pairs]) pair.end();
    },
    freeze() {
      let thaw = (): void => undefined;
      troubles.frozen = new Promise((resolve) => {
        thaw = resolve;
      });
      return () => {
        troubles.frozen = undefined;
        thaw();
      };
    },
    blackHole() {
      for (const pair of pairs) pair.blackHole();
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
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function proxied(client: Socket, server: Socket, troubles: Troubles, closed: () => void): Pair {
  let swallowing = false;
  let openSides = 2;
  let unconfirmed = 0;

  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
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
        while (troubles.frozen !== undefined) await troubles.frozen;
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
      if (openSides === 0) closed();
    });
  }

  pass(client, server, fromClient);
  pass(server, client, fromServer);
  return {
    cut,
    end() {
      client.end();
      server.destroy();
    },
    blackHole() {
      swallowing = true;
    },
  };
}
