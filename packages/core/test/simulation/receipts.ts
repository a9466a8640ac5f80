import type { Settlement, Token, WireDelivery, WireMessage } from '../../src/driver.ts';
import { IntermodalError } from '../../src/error.ts';
import type { ChannelPlan } from './plan.ts';
import type { ClientState, Native, Receipt, ReceiverState, StoredMessage } from './records.ts';
import type { World } from './world.ts';

/** What a token of this transport holds: as real ones do, it says nothing of the connection that it belongs to. */
interface TokenValue {
  readonly receipt: Receipt;
}

export interface Receipts {
  receiver(
    client: ClientState,
    channel: ChannelPlan,
    group: string,
    prefetch: number,
    leaseMs: number | undefined,
  ): ReceiverState;
  /** A delivery of `stored` to a receiver; held from now on. */
  issue(
    receiver: ReceiverState,
    stored: StoredMessage,
    lane: string | undefined,
    attempt: number | undefined,
  ): Receipt;
  /** What core is given for it. */
  hand(receipt: Receipt): WireDelivery;
  of(token: Token): Receipt | undefined;
  ofBatch(batch: readonly Settlement[]): readonly (Receipt | undefined)[];
  /** The broker has taken it back. */
  lose(receipt: Receipt): void;
  /** Core is told that it is lost. */
  tellLost(receipt: Receipt): void;
  /** The connection is gone as the client sees it: every token dies. */
  tellDead(receiver: ReceiverState): void;
  readonly all: readonly Receipt[];
}

export function createReceipts(world: World): Receipts {
  const { loop, monitor } = world;
  const all: Receipt[] = [];
  let receivers = 0;

  function tellLost(receipt: Receipt): void {
    receipt.lostSince ??= loop.now();
  }

  return {
    all,
    receiver(client, channel, group, prefetch, leaseMs) {
      return {
        number: (receivers += 1),
        client,
        channel,
        group,
        prefetch,
        leaseMs,
        receipts: new Set(),
        requested: 0,
        receives: 0,
        closeCalled: false,
        dead: false,
        gone: false,
        tainted: false,
        consumer: undefined,
      };
    },
    issue(receiver, stored, lane, attempt) {
      const receipt: Receipt = {
        number: all.length + 1,
        stored,
        fate: monitor.ledger.fate(stored.channel, receiver.group, stored.message.id),
        receiver,
        lane,
        attempt,
        state: 'held',
        handed: false,
        lostSince: undefined,
        leaseUntil: undefined,
        knownLeaseUntil: undefined,
        action: undefined,
        answered: false,
        settling: false,
        extending: false,
        starts: 0,
        startedAt: 0,
        running: false,
        verdict: undefined,
        consumer: undefined,
        lapsed: false,
        leaving: false,
        tainted: false,
        cancelExpiry: () => undefined,
      };
      all.push(receipt);
      receiver.receipts.add(receipt);
      return receipt;
    },
    hand(receipt) {
      receipt.handed = true;
      receipt.knownLeaseUntil = receipt.leaseUntil;
      const { stored } = receipt;
      const value: TokenValue = { receipt };
      const native: Native = { receipt };
      return {
        token: { value },
        // A broker sends its own bytes each time; what a handler does to them is nobody else's business.
        message: copyOf(stored.message),
        lane: receipt.lane,
        attempt: receipt.attempt,
        redelivered: receipt.attempt === undefined ? undefined : receipt.attempt > 1,
        leaseUntil: receipt.leaseUntil,
        position: world.plan.mode === 'log' ? String(stored.position) : undefined,
        native,
        ...(stored.foreign === 'undecodable'
          ? { undecodable: new IntermodalError('invalid-message', 'its envelope cannot be read') }
          : {}),
      };
    },
    of: (token) => (token.value as Partial<TokenValue> | undefined)?.receipt,
    ofBatch: (batch) =>
      batch.map(
        (settlement) => (settlement.token.value as Partial<TokenValue> | undefined)?.receipt,
      ),
    lose(receipt) {
      if (receipt.state !== 'held') return;
      receipt.state = 'lost';
      receipt.cancelExpiry();
      monitor.receivers.lost(receipt);
    },
    tellLost,
    tellDead(receiver) {
      receiver.dead = true;
      for (const receipt of receiver.receipts) tellLost(receipt);
    },
  };
}

export function copyOf(message: WireMessage): WireMessage {
  const { body } = message;
  return {
    ...message,
    headers: new Map(message.headers),
    body: typeof body === 'string' ? body : body.slice(),
  };
}
