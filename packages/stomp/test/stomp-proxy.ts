import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createFrameReader, type Frame, frameText } from '../src/frames.ts';

/** A proxy before a broker that knows the protocol: it refuses single messages and loses single receipts. */
export interface StompProxy extends AsyncDisposable {
  readonly port: number;
  /** Clients that have connected so far. */
  readonly accepted: number;
  /** Frames that clients have sent, by command and headers. */
  readonly sent: readonly Frame[];
  cut(): void;
  /** Nothing goes through until the function it returns is called. */
  freeze(): () => void;
  /** Open connections swallow everything from now on. */
  blackHole(): void;
  /** The next messages do not reach the broker: the client is told so by an ERROR that names the frame. */
  refuse(count: number, message: string): void;
  /** The next receipts of messages do not reach the client; the connection breaks instead. */
  loseReceipts(count: number): void;
  /** The next acks with a receipt do not reach the broker: the client is told so by an ERROR that names the frame. */
  refuseAcks(count: number): void;
  /** Who logs in from now on is refused. */
  deny(): void;
  stop(): Promise<void>;
}

interface Troubles {
  refusals: number;
  refusal: string;
  lostReceipts: number;
  refusedAcks: number;
  denied: boolean;
  readonly sent: Frame[];
  frozen: Promise<void> | undefined;
}

interface Pair {
  cut(): void;
  blackHole(): void;
}

export async function startStompProxy(target: { host: string; port: number }): Promise<StompProxy> {
  const pairs = new Set<Pair>();
  const troubles: Troubles = {
    refusals: 0,
    refusal: '',
    lostReceipts: 0,
    refusedAcks: 0,
    denied: false,
    sent: [],
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
    sent: troubles.sent,
    cut,
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
    refuse(count, message) {
      troubles.refusals = count;
      troubles.refusal = message;
    },
    loseReceipts(count) {
      troubles.lostReceipts = count;
    },
    refuseAcks(count) {
      troubles.refusedAcks = count;
    },
    deny() {
      troubles.denied = true;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function proxied(client: Socket, server: Socket, troubles: Troubles, closed: () => void): Pair {
  const receiptsOfMessages = new Set<string>();
  let swallowing = false;
  let openSides = 2;

  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const toClient = (bytes: string | Uint8Array): void => {
    if (!swallowing && client.writable) client.write(bytes);
  };
  const toServer = (bytes: string | Uint8Array): void => {
    if (!swallowing && server.writable) server.write(bytes);
  };
  const error = (message: string, receipt?: string): void => {
    const named = receipt === undefined ? [] : [['receipt-id', receipt] as const];
    toClient(frameText('ERROR', [['message', message], ...named]));
  };

  function fromClient(frame: Frame, bytes: Buffer): void {
    if (!swallowing) troubles.sent.push(frame);
    const receipt = frame.headers.get('receipt');
    if (frame.command === 'CONNECT' && troubles.denied) {
      error('User name [x] or password is invalid.');
      client.end();
      return;
    }
    if (frame.command === 'SEND') {
      if (troubles.refusals > 0) {
        troubles.refusals -= 1;
        error(troubles.refusal, receipt);
        return;
      }
      if (receipt !== undefined) receiptsOfMessages.add(receipt);
    }
    if (frame.command === 'ACK' && receipt !== undefined && troubles.refusedAcks > 0) {
      troubles.refusedAcks -= 1;
      error('The journal could not be written', receipt);
      return;
    }
    toServer(bytes);
  }

  function fromServer(frame: Frame, bytes: Buffer): void {
    const receipt = frame.headers.get('receipt-id') ?? '';
    if (frame.command === 'RECEIPT' && receiptsOfMessages.delete(receipt)) {
      if (troubles.lostReceipts > 0) {
        troubles.lostReceipts -= 1;
        cut();
        return;
      }
    }
    toClient(bytes);
  }

  pass(client, troubles, fromClient, () => {
    toServer('\n');
  });
  pass(server, troubles, fromServer, () => {
    toClient('\n');
  });
  const end = (other: Socket) => (): void => {
    // The broker would find out by its own heart-beats, which is later.
    if (swallowing) cut();
    else other.end();
  };
  client.on('end', end(server));
  server.on('end', end(client));
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on('error', cut);
    socket.on('close', () => {
      if (swallowing) cut();
      openSides -= 1;
      if (openSides === 0) closed();
    });
  }
  return {
    cut,
    blackHole() {
      swallowing = true;
    },
  };
}

/** Frames in their order, held up while nothing goes through. */
function pass(
  from: Socket,
  troubles: Troubles,
  onFrame: (frame: Frame, bytes: Buffer) => void,
  onHeartBeat: () => void,
): void {
  const reader = createFrameReader({ onFrame, onHeartBeat, onBroken: () => from.destroy() });
  let before = Promise.resolve();
  let held = 0;
  from.on('data', (chunk: Buffer) => {
    if (troubles.frozen === undefined && held === 0) {
      reader.push(chunk);
      return;
    }
    held += 1;
    before = before
      .then(() => troubles.frozen)
      .then(() => {
        held -= 1;
        reader.push(chunk);
      });
  });
}
