import type { Bench, Contender } from '../bench.ts';
import { memoryBytes, memoryJson } from '../core/contenders.ts';

const million = 1_000_000;

/** The same work, a million at a time, and what is still in use after each. */
function eachMillion(contender: Contender): Contender {
  return {
    name: contender.name,
    async start(address) {
      const work = await contender.start(address);
      return {
        async run(messages, probe) {
          for (let done = 0; done < messages; done += million) {
            await work.run(Math.min(million, messages - done), probe);
            const inUse = heapUsed();
            if (done + million <= messages)
              probe.note(`heap MB after ${(done + million) / million} million`, inUse / 1_048_576);
          }
        },
        stop: () => work.stop(),
      };
    },
  };
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const contenders = [eachMillion(memoryBytes), eachMillion(memoryJson)];

export const benches: readonly Bench[] = [
  {
    name: 'core-heap',
    title: 'heap in use after a full collection, each million of five million messages',
    messages: 5 * million,
    warmUp: 100_000,
    rounds: 1,
    nodeFlags: ['--expose-gc'],
    contenders,
    aims: contenders.map(({ name }) => ({
      text: `${name}: flat, within 2 MB from the first million to the last`,
      reached(result) {
        const heaps = Object.values(result(name)?.notes ?? {});
        if (heaps.length < 2) return undefined;
        const growth = Math.max(...heaps) - (heaps[0] ?? 0);
        return { figure: `at most ${growth.toFixed(2)} MB more`, enough: growth <= 2 };
      },
    })),
  },
];
