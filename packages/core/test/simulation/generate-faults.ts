import type { CallFault, Fault, Mode, TimedFault } from './plan.ts';
import type { Random } from './random.ts';

type Choice = (random: Random) => Fault;

/** A handful of faults, of a few kinds only. */
export function generateFaults(
  mode: Mode,
  clients: number,
  messages: number,
  spanMs: number,
  random: Random,
): Fault[] {
  const salt = (): number => random.int(1_000_000);
  const at = (): number => random.int(spanMs + 1);
  const call = (most: number): number => Math.min(random.int(most), random.int(most));
  const sends = Math.max(3, messages);

  const calls: Choice[] = [
    () => ({
      on: 'send',
      call: call(sends),
      salt: salt(),
      effect: random.pick([
        'lose-reply',
        'lose-request',
        'late',
        'reject',
        'refuse',
        'throttle',
        'hang',
      ]),
    }),
    () => ({
      on: 'settle',
      call: call(messages * 2),
      salt: salt(),
      effect: random.pick(['fail', 'fail', 'lose-reply', 'hang', 'refuse']),
    }),
    () => ({
      on: 'open',
      call: call(10),
      salt: salt(),
      effect: random.pick(['fail', 'fail', 'hang', 'slow', 'forbid']),
    }),
    () => ({
      on: 'receive',
      call: call(messages * 2),
      salt: salt(),
      effect: random.pick(['fail', 'lose-reply']),
    }),
  ];
  const timed: Choice[] = [
    () => cut(),
    () => ({ at: at(), fault: 'outage', forMs: random.pick([100, 2_000, 15_000]) }),
    () => ({
      at: at(),
      fault: 'throttle',
      forMs: random.pick([100, 2_000, 10_000]),
      ...(random.chance(0.5) ? { retryAfterMs: random.pick([10, 500, 3_000]) } : {}),
    }),
  ];
  if (mode === 'pull') {
    calls.push(() => ({
      on: 'extend',
      call: call(20),
      salt: salt(),
      effect: random.pick(['fail', 'lose-reply', 'hang']),
    }));
    timed.push(
      () => ({ at: at(), fault: 'expire', share: random.pick([0.2, 0.6, 1]) }),
      () => ({ at: at(), fault: 'duplicate', share: random.pick([0.2, 0.6]) }),
    );
  }
  if (mode === 'push')
    timed.push(
      () => cut(),
      () => cut(),
    );
  if (mode === 'log') {
    calls.push(() => ({
      on: 'checkpoint',
      call: call(20),
      salt: salt(),
      effect: random.pick(['fail', 'lose-reply', 'hang']),
    }));
    const move = (): TimedFault => ({
      at: at(),
      fault: 'move',
      lane: random.int(8),
      by: random.pick(['asking', 'asking', 'force']),
      noticeMs: random.pick([0, 50, 2_000]),
    });
    timed.push(move, move, () => ({ at: at(), fault: 'split', lane: random.int(8) }));
  }

  function cut(): TimedFault {
    return {
      at: at(),
      fault: 'cut',
      client: random.int(clients),
      side: random.pick(['sender', 'receiver', 'both']),
      clientMs: random.pick([0, 10, 500, 8_000]),
      brokerMs: random.pick([0, 10, 500, 8_000]),
    };
  }

  const all = [...calls, ...timed];
  const kinds = Array.from({ length: 1 + random.int(4) }, () => random.pick(all));
  const count = 1 + Math.min(random.int(14), random.int(14));
  const faults = Array.from({ length: count }, () => random.pick(kinds)(random));
  return unique(faults);
}

/** One fault for one call: a second of the same call would never be seen. */
function unique(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    if (!('on' in fault)) return true;
    const name = nameOf(fault);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function nameOf(fault: CallFault): string {
  return `${fault.on} ${fault.call}`;
}
