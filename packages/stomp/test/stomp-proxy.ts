import {
  type Connected,
  type ConnectionProxy,
  endsOf,
  type Pair,
  startConnectionProxy,
} from '@intermodal/brokers/connection-proxy';
import { createFrameReader, type Frame, frameText } from '../src/frames.ts';

/** A proxy before a broker that knows the protocol: it refuses single messages and loses single receipts. */
export interface StompProxy extends ConnectionProxy {
  /** Frames that clients have sent, by command and headers. */
  readonly sent: readonly Frame[];
  /** The next messages do not reach the broker: the client is told so by an ERROR that names the frame. */
  refuse(count: number, message: string): void;
  /** The next receipts of messages do not reach the client; the connection breaks instead. */
  loseReceipts(count: number): void;
  /** The next acks with a receipt do not reach the broker: the client is told so by an ERROR that names the frame. */
  refuseAcks(count: number): void;
  /** Who logs in from now on is refused. */
  deny(): void;
}

interface Troubles {
  refusals: number;
  refusal: string;
  lostReceipts: number;
  refusedAcks: number;
  denied: boolean;
  readonly sent: Frame[];
}

export async function startStompProxy(target: { host: string; port: number }): Promise<StompProxy> {
  const troubles: Troubles = {
    refusals: 0,
    refusal: '',
    lostReceipts: 0,
    refusedAcks: 0,
    denied: false,
    sent: [],
  };
  const proxy = await startConnectionProxy(target, (connected) => proxied(connected, troubles));
  return {
    ...proxy,
    get accepted() {
      return proxy.accepted;
    },
    sent: troubles.sent,
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
  };
}

function proxied(connected: Connected, troubles: Troubles): Pair {
  // The broker would find out by its own heart-beats, which is later.
  const ends = endsOf(connected, 'cut');
  const { toClient, toServer, cut } = ends;
  const receiptsOfMessages = new Set<string>();

  const error = (message: string, receipt?: string): void => {
    const named = receipt === undefined ? [] : [['receipt-id', receipt] as const];
    toClient(frameText('ERROR', [['message', message], ...named]));
  };

  function fromClient(frame: Frame, bytes: Buffer): void {
    if (!ends.isSwallowing) troubles.sent.push(frame);
    const receipt = frame.headers.get('receipt');
    if (frame.command === 'CONNECT' && troubles.denied) {
      error('User name [x] or password is invalid.');
      connected.client.end();
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

  const pass = (
    from: 'client' | 'server',
    onFrame: (frame: Frame, bytes: Buffer) => void,
    onHeartBeat: () => void,
  ): void => {
    const onBroken = (): unknown => connected[from].destroy();
    const reader = createFrameReader({ onFrame, onHeartBeat, onBroken });
    ends.pass(from, (chunk) => reader.push(chunk));
  };
  pass('client', fromClient, () => toServer('\n'));
  pass('server', fromServer, () => toClient('\n'));
  return ends;
}
