// The `globalSetup` of every test project that needs brokers.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startBroker } from './start.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Starts the brokers that the project's manifest names in `intermodal.brokers`, and sets their
 * variables where the project's workers inherit them. One that an earlier project started is found as
 * given.
 *
 * @returns What takes them down again.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const teardown = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    for (const name of await brokersOf(project.config.root)) {
      const broker = await startBroker(name);
      const before = publish(broker.environment);
      stops.push(async () => {
        publish(before);
        await broker.stop();
      });
    }
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

async function brokersOf(folder: string): Promise<readonly string[]> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly intermodal?: { readonly brokers?: readonly string[] };
  };
  return manifest.intermodal?.brokers ?? [];
}

/** Sets the variables and returns what they were. */
function publish(variables: Variables): Variables {
  const before: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(variables)) {
    before[name] = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return before;
}
