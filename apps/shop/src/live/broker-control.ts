import type { Leg } from './leg.ts';
import type { BrokerState } from './snapshot.ts';

/** Kills and restarts the broker of the leg in use, where the shop started it. */
export interface BrokerControl {
  readonly state: BrokerState['state'];
  kill(): Promise<void>;
  /** Nothing where it is up. */
  restart(): Promise<void>;
}

export interface BrokerControlOptions {
  readonly leg: () => Leg;
  /** Makes everything anew that the broker has forgotten. */
  readonly recover: () => Promise<void>;
  readonly note: (text: string) => void;
}

export function createBrokerControl({ leg, recover, note }: BrokerControlOptions): BrokerControl {
  let state: BrokerState['state'] = 'up';
  let restarting: Promise<void> | undefined;

  async function restart(): Promise<void> {
    const { station, offer } = leg();
    const { broker } = station;
    if (broker === undefined || state === 'up') return;
    state = 'restarting';
    try {
      await broker.restart();
      if (broker.forgets === 'everything') await recover();
      state = 'up';
      note(`The broker of ${offer.label} is up again.`);
    } catch (error) {
      state = 'killed';
      throw error;
    }
  }

  return {
    get state() {
      return state;
    },
    async kill() {
      const { station, offer } = leg();
      const { broker } = station;
      if (broker === undefined) throw new Error(`the broker of ${offer.label} is not the shop's`);
      await restarting;
      if (state !== 'up') return;
      state = 'killed';
      await broker.kill();
      note(`The broker of ${offer.label} was killed; it forgets ${broker.forgets}.`);
    },
    restart() {
      restarting ??= restart().finally(() => {
        restarting = undefined;
      });
      return restarting;
    },
  };
}
