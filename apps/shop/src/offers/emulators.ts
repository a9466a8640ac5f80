import { type BrokerEnvironment, type OwnBroker, startOwnBroker } from '@intermodal/brokers';
import { transportOf } from '../transport.ts';
import type { EmbeddedBroker, Station } from './offer.ts';

export interface EmulatorsOptions {
  /** Of `@intermodal/brokers`: those that come with npm, so that they start wherever the shop does. */
  readonly names: readonly string[];
  readonly forgets: EmbeddedBroker['forgets'];
}

/** Emulators that start once, at first use, for all the offers that share them. */
export interface Emulators {
  /** A station of them, whose transport is the one of that URL. */
  station(url: (environment: BrokerEnvironment) => URL): Promise<Station>;
}

export function emulators({ names, forgets }: EmulatorsOptions): Emulators {
  let starting: Promise<readonly OwnBroker[]> | undefined;

  function started(): Promise<readonly OwnBroker[]> {
    starting ??= startAll().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  }

  async function startAll(): Promise<readonly OwnBroker[]> {
    const progress = (): void => undefined;
    return Promise.all(names.map((name) => startOwnBroker(name, { progress })));
  }

  async function dispose(): Promise<void> {
    const own = await starting?.catch(() => []);
    starting = undefined;
    await Promise.all((own ?? []).map((one) => one[Symbol.asyncDispose]()));
  }

  return {
    async station(url) {
      const own = await started();
      const environment = Object.assign(
        {},
        ...own.map((one) => one.environment),
      ) as BrokerEnvironment;
      return {
        open: () => transportOf(url(environment).href),
        broker: {
          forgets,
          async kill() {
            await Promise.all(own.map((one) => one.kill()));
          },
          async restart() {
            await Promise.all(own.map((one) => one.restart()));
          },
        },
        [Symbol.asyncDispose]: dispose,
      };
    },
  };
}

/** As the URL of a transport, with the made-up login that every emulator takes. */
export function emulatorUrl(
  scheme: string,
  endpoint: string | undefined,
  parameters: Readonly<Record<string, string>>,
): URL {
  const url = new URL((endpoint ?? '').replace(/^http/, scheme));
  url.username = 'emulator';
  url.password = 'emulator';
  url.search = new URLSearchParams(parameters).toString();
  return url;
}
