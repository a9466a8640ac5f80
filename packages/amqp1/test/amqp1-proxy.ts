import {
  type Connected,
  type ConnectionProxy,
  endsOf,
  type Pair,
  startConnectionProxy,
} from '@intermodal/brokers/connection-proxy';
import {
  codes,
  createFrameReader,
  deniedFrame,
  type Frame,
  isTrue,
  numberOf,
  outcomeFrame,
  outcomes,
  renumbered,
} from './amqp1-frames.ts';

/** A proxy before a broker that knows the protocol: it refuses single messages and loses single answers. */
export interface Amqp1Proxy extends ConnectionProxy {
  /** Messages that clients have sent, those included that never reached the broker. */
  readonly published: number;
  /** Outcomes that clients have written, in the order in which they did: descriptor, first and last. */
  readonly settled: readonly (readonly [number, number, number])[];
  /** The next messages do not reach the broker: the client is told so by that outcome. */
  refuse(count: number, by: keyof typeof outcomes): void;
  /** The next outcomes do not reach the client; the connection breaks instead. */
  loseOutcomes(count: number): void;
  /** Who logs in from now on is refused. */
  deny(): void;
}

interface Troubles {
  refusals: number;
  refuseBy: keyof typeof outcomes;
  lostOutcomes: number;
  denied: boolean;
  published: number;
  readonly settled: [number, number, number][];
}

export async function startAmqp1Proxy(target: { host: string; port: number }): Promise<Amqp1Proxy> {
  const troubles: Troubles = {
    refusals: 0,
    refuseBy: 'rejected',
    lostOutcomes: 0,
    denied: false,
    published: 0,
    settled: [],
  };
  const proxy = await startConnectionProxy(target, (connected) => proxied(connected, troubles));
  return {
    ...proxy,
    get accepted() {
      return proxy.accepted;
    },
    get published() {
      return troubles.published;
    },
    settled: troubles.settled,
    refuse(count, by) {
      troubles.refusals = count;
      troubles.refuseBy = by;
    },
    loseOutcomes(count) {
      troubles.lostOutcomes = count;
    },
    deny() {
      troubles.denied = true;
    },
  };
}

/** What the client of one session has sent: its numbers are not the broker's once a message was kept back. */
interface Numbers {
  keptBack: number;
  /** The client's number of a message by the broker's. */
  readonly clients: Map<number, number>;
  /** Whether frames of a message that is kept back are still to come. */
  dropping: boolean;
}

function proxied(connected: Connected, troubles: Troubles): Pair {
  // The broker would find out by an idle time-out of its own, which is long.
  const ends = endsOf(connected, 'cut');
  const { toClient, toServer, cut } = ends;
  const sessions = new Map<number, Numbers>();
  /** The client's channel by the broker's. */
  const channels = new Map<number, number>();

  function fromClient(frame: Frame): void {
    if (frame.type === 1 && frame.code === codes.saslInit && troubles.denied) {
      toClient(deniedFrame);
      return;
    }
    if (frame.type !== 0) toServer(frame.bytes);
    else if (frame.code === codes.transfer) transferred(frame);
    else {
      if (frame.code === codes.begin)
        sessions.set(frame.channel, { keptBack: 0, clients: new Map(), dropping: false });
      if (frame.code === codes.disposition) {
        const first = numberOf(frame.fields[1]) ?? 0;
        troubles.settled.push([
          frame.fields[4]?.[2] ?? 0,
          first,
          numberOf(frame.fields[2]) ?? first,
        ]);
      }
      toServer(frame.bytes);
    }
  }

  function transferred(frame: Frame): void {
    const numbers = sessions.get(frame.channel);
    const id = numberOf(frame.fields[1]);
    const isLast = !isTrue(frame.fields[5]);
    if (numbers === undefined) return;
    if (numbers.dropping) {
      numbers.dropping = !isLast;
      return;
    }
    if (id === undefined) {
      toServer(frame.bytes);
      return;
    }
    troubles.published += 1;
    if (troubles.refusals > 0) {
      troubles.refusals -= 1;
      numbers.keptBack += 1;
      numbers.dropping = !isLast;
      toClient(outcomeFrame(brokersChannel(frame.channel), id, outcomes[troubles.refuseBy]));
      return;
    }
    const brokers = id - numbers.keptBack;
    numbers.clients.set(brokers, id);
    toServer(numbers.keptBack === 0 ? frame.bytes : renumbered(frame, new Map([[1, brokers]])));
  }

  function brokersChannel(clients: number): number {
    for (const [brokers, channel] of channels) if (channel === clients) return brokers;
    return clients;
  }

  function fromServer(frame: Frame): void {
    if (frame.type === 0 && frame.code === codes.begin)
      channels.set(frame.channel, numberOf(frame.fields[0]) ?? 0);
    const isOutcome =
      frame.type === 0 && frame.code === codes.disposition && isTrue(frame.fields[0]);
    if (isOutcome) answered(frame);
    else toClient(frame.bytes);
  }

  function answered(frame: Frame): void {
    const numbers = sessions.get(channels.get(frame.channel) ?? -1);
    const first = numberOf(frame.fields[1]) ?? 0;
    const last = numberOf(frame.fields[2]) ?? first;
    for (let brokers = first; brokers <= last; brokers += 1) {
      if (troubles.lostOutcomes > 0) {
        troubles.lostOutcomes -= 1;
        cut();
        return;
      }
      const id = numbers?.clients.get(brokers) ?? brokers;
      toClient(
        renumbered(
          frame,
          new Map([
            [1, id],
            [2, id],
          ]),
        ),
      );
    }
  }

  const read = { client: createFrameReader(), server: createFrameReader() };
  ends.pass('client', (chunk) => read.client(chunk).forEach(fromClient));
  ends.pass('server', (chunk) => read.server(chunk).forEach(fromServer));
  return ends;
}
