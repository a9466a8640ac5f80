import { createClient, IntermodalError, type Transport } from '@intermodal/core';
import { createFinish, type Ending, type Interrupt } from './finish.ts';
import { startFlow } from './flow.ts';
import type { Ledger } from './ledger.ts';
import { placeOrders } from './place-orders.ts';
import { readOrders } from './read-orders.ts';
import { createRecord } from './record.ts';
import { allChannels, channelsOn, readersOn, type ShopChannel } from './shop-channels.ts';
import type { Tally, Totals } from './tally.ts';
import { createWatch } from './watch.ts';

export interface ShopOptions {
  /** Owned by the shop from here on. */
  readonly transport: Transport;
  /** The bytes of a file of orders. */
  readonly orders: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Knows already what the ledger holds. */
  readonly tally: Tally;
  readonly ledger: Ledger;
  /** How long nothing may happen before the run is given up. */
  readonly patienceMs: number;
  readonly interrupt: Interrupt;
  /** A sentence for the person at the terminal. */
  readonly note: (text: string) => void;
}

export interface Status {
  readonly transport: string;
  /** With the transport, by this process or an earlier one. */
  readonly orders: number;
  readonly badLines: number;
  /** Calls of handlers that failed and are tried again. */
  readonly retried: number;
  /** Messages of other runs that were met: their orders move on, and count nowhere. */
  readonly strangers: number;
  readonly totals: Totals;
  readonly deliveredTo: ReadonlyMap<string, number>;
}

export interface Shop {
  readonly status: () => Status;
  /** Once. Everything but the ledger is closed when it settles. @throws what keeps it from starting */
  readonly run: () => Promise<Ending>;
}

/** Nothing is missing any more, so a receive that is still open brings at most repeats. */
const closeAfterAllMs = 2_000;
const closeWithinMs = 10_000;

export function createShop(options: ShopOptions): Shop {
  const { transport, tally, ledger, interrupt, note } = options;
  const counts = { orders: 0, badLines: 0, retried: 0, strangers: 0 };
  const finish = createFinish({
    interrupt,
    patienceMs: options.patienceMs,
    isThrough: () => tally.totals().outstanding === 0,
  });
  const record = createRecord({ tally, ledger, onChange: finish.touch, onBroken: finish.fail });
  const client = createClient({
    transport,
    telemetry: createWatch({
      note,
      onDeadLettered: record.deadLettered,
      onRetried() {
        counts.retried += 1;
        finish.touch();
      },
    }),
  });
  const channels = channelsOn(client, readersOn(transport));

  async function place(signal: AbortSignal): Promise<void> {
    try {
      await placeOrders({
        lines: readOrders(options.orders),
        channel: channels.stages['place-order'],
        record,
        signal,
        note,
        onPlaced(count) {
          counts.orders += count;
        },
        onBadLine(line, reason) {
          counts.badLines += 1;
          note(`Line ${line} is skipped: ${reason}.`);
        },
      });
      finish.placed();
    } catch (error) {
      finish.fail(error);
    }
  }

  async function run(): Promise<Ending> {
    const stopPlacing = new AbortController();
    try {
      for (const channel of allChannels(channels)) await provision(channel, note);
      const onStranger = (): void => {
        counts.strangers += 1;
        finish.touch();
      };
      await startFlow({ channels, record, onStranger, onFailed: finish.fail });
      finish.begin();
      const placing = place(AbortSignal.any([interrupt.gently, stopPlacing.signal]));
      const ending = await finish.ended;
      stopPlacing.abort();
      await client.close({
        deadlineMs: ending.kind === 'complete' ? closeAfterAllMs : closeWithinMs,
      });
      await placing;
      return ending;
    } finally {
      finish.cancel();
      await client.close();
    }
  }

  return {
    run,
    status: () => ({
      ...counts,
      transport: client.transport,
      totals: tally.totals(),
      deliveredTo: tally.deliveredTo,
    }),
  };
}

/** Some brokers make what is asked for at first use and have nothing to provision. */
async function provision(
  channel: Pick<ShopChannel<never>, 'name' | 'provision'>,
  note: (text: string) => void,
): Promise<void> {
  try {
    await channel.provision();
  } catch (error) {
    if (!IntermodalError.is(error, 'unsupported')) throw error;
    note(`'${channel.name}' is used as it is: ${error.message}.`);
  }
}
