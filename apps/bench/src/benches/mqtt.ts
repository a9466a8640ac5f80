import type { Aim, Bench, Contender } from '../bench.ts';
import { cannedServer } from '../mqtt/canned.ts';
import { callers, consumers, publishers } from '../mqtt/contenders.ts';

/** Beside the one with the same guarantees, which is the first. */
function besideByHand([byHand]: readonly Contender[]): Aim {
  return {
    text: 'throughput at least 0.9 times that of MQTT.js by hand',
    reached(result) {
      const mine = result('Intermodal');
      const its = result(byHand?.name ?? '');
      if (mine === undefined || its === undefined) return undefined;
      const ratio = mine.messagesPerSecond / its.messagesPerSecond;
      return { figure: `× ${ratio.toFixed(2)}`, enough: ratio >= 0.9 };
    },
  };
}

// Long rounds: a consumer is at its speed only after some tens of thousands.
const shared = { surround: cannedServer, messages: 200_000, warmUp: 50_000 };

export const benches: readonly Bench[] = [
  {
    ...shared,
    name: 'mqtt-publish',
    title: `200 bytes, 16 keys, QoS 1, ${callers} at a time; a server that answers at once`,
    contenders: publishers,
    aims: [besideByHand(publishers)],
  },
  {
    ...shared,
    name: 'mqtt-consume',
    title: 'receive and ack 200 bytes, handler that does nothing, 100 without an ack',
    contenders: consumers,
    aims: [besideByHand(consumers)],
  },
];
