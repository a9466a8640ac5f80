import { startBroker } from './start.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Brokers for one run of a test suite, in the form of vitest's `globalSetup`. */
export interface TestBrokers {
  readonly setup: () => Promise<void>;
  readonly teardown: () => Promise<void>;
}

/**
 * Brokers whose variables stand in `process.env`, where the workers of vitest inherit them.
 *
 * A project that names a broker which an earlier one started finds it as given.
 */
export function brokersForTests(names: readonly string[]): TestBrokers {
  const stops: (() => Promise<void>)[] = [];
  const teardown = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  return {
    async setup() {
      try {
        for (const name of names) {
          const broker = await startBroker(name);
          const before = publish(broker.environment);
          stops.push(async () => {
            publish(before);
            await broker.stop();
          });
        }
      } catch (error) {
        await teardown();
        throw error;
      }
    },
    teardown,
  };
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
