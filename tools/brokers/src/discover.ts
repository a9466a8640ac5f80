import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { NotAvailable, type Broker } from './broker.ts';

const folder = new URL('./brokers/', import.meta.url);

/** Every broker that has a file in `brokers/`, by name. */
export async function discoverBrokers(): Promise<readonly Broker[]> {
  const files = (await readdir(fileURLToPath(folder))).filter((file) => file.endsWith('.ts'));
  return Promise.all(
    files.sort().map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as { readonly broker?: Broker };
      if (!module.broker) throw new Error(`${file} exports no \`broker\``);
      return module.broker;
    }),
  );
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
