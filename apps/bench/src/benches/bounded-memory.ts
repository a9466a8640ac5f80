import { channel, createClient, IntermodalError } from '@intermodal/core';
import type { Aim, Bench, Contender } from '../bench.ts';
import { type DeafTransport, neverAnswers, neverOpens } from '../core/deaf-transports.ts';

const loops = 1_000;
const publishTimeoutMs = 50;
const heapMb = 'max heap MB';
const orders = channel<{ readonly order: number; readonly note: string }>('orders');

const contenders = [
  contender('a send that is never answered', neverAnswers),
  contender('a connection that never opens', neverOpens),
];

/** As many attempts as messages, all in vain. */
function contender(name: string, makeTransport: () => DeafTransport): Contender {
  return {
    name,
    start() {
      const transport = makeTransport();
      const client = createClient({ transport, publishTimeoutMs });
      return Promise.resolve({
        async run(attempts, probe) {
          const codes = new Map<string, number>();
          let started = 0;
          let most = 0;

          async function publish(order: number): Promise<string> {
            try {
              await client.publish(orders, { order, note: 'twenty bytes of text' });
              return 'published';
            } catch (error) {
              return IntermodalError.from(error).code;
            }
          }

          async function loop(): Promise<void> {
            while (started < attempts) {
              started += 1;
              const before = performance.now();
              const code = await publish(started);
              if (started % 64 === 0) probe.latency(performance.now() - before);
              codes.set(code, (codes.get(code) ?? 0) + 1);
            }
          }

          const watch = setInterval(() => {
            most = Math.max(most, process.memoryUsage().heapUsed);
          }, 20);
          await Promise.all(Array.from({ length: loops }, loop));
          clearInterval(watch);
          for (const [code, count] of codes) probe.note(code, count);
          probe.note('handed over', transport.handedOver());
          probe.note(heapMb, most / 1_048_576);
          const unknown = codes.get('unknown-outcome') ?? 0;
          const timedOut = codes.get('timeout') ?? 0;
          if (unknown !== transport.handedOver() || timedOut !== attempts - unknown)
            throw new Error(
              `not every attempt settled as it should: ${JSON.stringify([...codes])}`,
            );
        },
        stop: () => client.close({ deadlineMs: 0 }),
      });
    },
  };
}

const aims = contenders.map(({ name }): Aim => ({
  text: `${name}: heap below 200 MB throughout`,
  reached(result) {
    const most = result(name)?.notes?.[heapMb];
    return most === undefined ? undefined : { figure: `${most.toFixed(0)} MB`, enough: most < 200 };
  },
}));

export const benches: readonly Bench[] = [
  {
    name: 'bounded-memory',
    title:
      'a million publishes in 1,000 loops, publishTimeoutMs 50, to a transport that accepts nothing',
    messages: 1_000_000,
    warmUp: 0,
    rounds: 1,
    contenders,
    aims,
  },
];
