import type { Aim, Bench } from '../bench.ts';
import {
  bareBytes,
  bareJson,
  leastBytes,
  leastJson,
  memoryBytes,
  memoryJson,
} from '../core/contenders.ts';

const perSecond: Aim = {
  text: 'pre-encoded, at least 200,000 messages a second on one core',
  reached(result) {
    const memory = result(memoryBytes.name);
    if (memory === undefined) return undefined;
    return {
      figure: `${Math.round(memory.messagesPerSecond).toLocaleString('en')}/s`,
      enough: memory.messagesPerSecond >= 200_000,
    };
  },
};

function atMostTwice(baseline: string, contender: string): Aim {
  return {
    text: `at most twice the CPU of the ${baseline}`,
    reached(result) {
      const [bare, core] = [result(baseline), result(contender)];
      if (bare === undefined || core === undefined) return undefined;
      const ratio = core.cpuMsPer1000 / bare.cpuMsPer1000;
      return { figure: `× ${ratio.toFixed(2)}`, enough: ratio <= 2 };
    },
  };
}

const load = { messages: 1_000_000, warmUp: 100_000 };

export const benches: readonly Bench[] = [
  {
    ...load,
    name: 'core-bytes',
    title: 'publish → consume → ack of 100 bytes, concurrency 100, pre-encoded',
    contenders: [bareBytes, leastBytes, memoryBytes],
    aims: [perSecond, atMostTwice(bareBytes.name, memoryBytes.name)],
  },
  {
    ...load,
    name: 'core-json',
    title: 'publish → consume → ack of 100 bytes, concurrency 100, JSON',
    contenders: [bareJson, leastJson, memoryJson],
    aims: [atMostTwice(bareJson.name, memoryJson.name)],
  },
];
