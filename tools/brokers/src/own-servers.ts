import { type BrokerEnvironment, variableOf } from './broker.ts';
import { type OwnBroker, startOwnBroker } from './start.ts';

/** The brokers that only this process uses, as the tests of one transport want them. */
export interface OwnServers<Name, Server> {
  /** The same for all who ask in this process, with which it ends. */
  of(name: Name): Promise<Server>;
  /** Ends it before the process does, so that nobody else has to. */
  stop(name: Name): Promise<void>;
}

export function ownServers<Name extends string, Server extends { readonly broker: OwnBroker }>(
  serverOf: (name: Name, broker: OwnBroker) => Server,
): OwnServers<Name, Server> {
  const started = new Map<Name, Promise<Server>>();
  return {
    of(name) {
      const found =
        started.get(name) ?? startOwnBroker(name).then((broker) => serverOf(name, broker));
      started.set(name, found);
      return found;
    },
    async stop(name) {
      const found = started.get(name);
      started.delete(name);
      await (await found)?.broker.stop();
    },
  };
}

/** An address of a broker as a URL of scheme http: Node's keeps user and port only of schemes that it knows. */
export function addressOf(name: string, environment: BrokerEnvironment, meaning: string): URL {
  const text = environment[variableOf(name, meaning)] ?? '';
  return new URL(text.replace(/^[a-z0-9+]+:/, 'http:'));
}

export function hostOf(url: URL): { readonly host: string; readonly port: number } {
  return { host: url.hostname, port: Number(url.port) };
}
