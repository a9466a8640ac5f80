import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NotAvailable, type Broker } from './broker.ts';

const folder = new URL('./brokers/', import.meta.url);

interface BrokerModule {
  readonly broker?: Broker;
  readonly brokers?: readonly Broker[];
}

/** Every broker that has a file in `brokers/`, by name. */
export async function discoverBrokers(): Promise<readonly Broker[]> {
  const files = (await readdir(fileURLToPath(folder))).filter((file) => file.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as BrokerModule;
      if (module.broker) return [module.broker];
      if (module.brokers) return module.brokers;
      throw new Error(`${file} exports neither \`broker\` nor \`brokers\``);
    }),
  );
  return found.flat().toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * The broker of that name.
 *
 * @throws NotAvailable naming the ones there are.
 */
export async function findBroker(name: string): Promise<Broker> {
  const brokers = await discoverBrokers();
  const broker = brokers.find((candidate) => candidate.name === name);
  if (broker) return broker;
  const names = brokers.map((candidate) => candidate.name).join(', ');
  throw new NotAvailable(`There is no broker named ${name}; there are: ${names}.`);
}
