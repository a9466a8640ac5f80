import { throughputBeside } from '../aims.ts';
import type { Bench } from '../bench.ts';
import { cannedServer } from '../mqtt/canned.ts';
import { callers, consumers, publishers } from '../mqtt/contenders.ts';

// Long rounds: a consumer is at its speed only after some tens of thousands.
const shared = { surround: cannedServer, messages: 200_000, warmUp: 50_000 };

export const benches: readonly Bench[] = [
  {
    ...shared,
    name: 'mqtt-publish',
    title: `200 bytes, 16 keys, QoS 1, ${callers} at a time; a server that answers at once`,
    contenders: publishers,
    aims: [throughputBeside('MQTT.js, pipelined by hand', 0.9, 'Intermodal')],
  },
  {
    ...shared,
    name: 'mqtt-consume',
    title: 'receive and ack 200 bytes, handler that does nothing, 100 without an ack',
    contenders: consumers,
    aims: [throughputBeside('MQTT.js, acks held by hand', 0.9, 'Intermodal')],
  },
];
