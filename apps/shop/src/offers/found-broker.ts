import { connect } from 'node:net';
import { broughtUp } from '@intermodal/brokers';
import type { Transport } from '@intermodal/core';
import { transportOf } from '../transport.ts';
import type { Offer, OfferCode } from './offer.ts';

export interface FoundBroker {
  readonly id: string;
  readonly label: string;
  readonly code: OfferCode;
  readonly product: string;
  /** As `pnpm brokers up` knows it. */
  readonly name: string;
  /** Which of its variables has the URL. */
  readonly variable: string;
  /** Where it listens if nothing else was said. */
  readonly usualUrl: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** @defaultValue what the URL says */
  readonly open?: (url: string) => Promise<Transport>;
}

const patienceMs = 1_000;

/** A broker that somebody else started: by an address in the environment, by `pnpm brokers up`, or at its usual port. */
export function foundBroker(found: FoundBroker): Offer {
  const { id, label, code, product, name, variable, usualUrl } = found;
  const { parameters = {}, open = transportOf } = found;

  async function url(): Promise<URL> {
    const given = process.env[variable] ?? (await environmentOf(name))[variable];
    const url = new URL(given === undefined || given === '' ? usualUrl : given);
    for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
    return url;
  }

  return {
    id,
    label,
    code,
    runsOn: `${product}, running already`,
    howToStart: `npx -y pnpm@12.21.0 brokers up ${name}`,
    isReachable: () => url().then(answers, () => false),
    async start() {
      const at = await url();
      return {
        open: () => open(at.href),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

async function environmentOf(name: string): Promise<Readonly<Record<string, string>>> {
  const running = await broughtUp();
  return (
    running.find(({ record, alive }) => alive && record.broker === name)?.record.environment ?? {}
  );
}

/** Whether something listens there. */
function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: patienceMs });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('timeout', () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}
