import type { Interrupt } from './finish.ts';

/** Ctrl-C once is gentle, twice is at once; a third time, Node's own way. */
export function listenForInterrupts(
  note: (text: string) => void,
): Interrupt & { readonly stop: () => void } {
  const gently = new AbortController();
  const atOnce = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;

  function stop(): void {
    for (const signal of signals) process.off(signal, onSignal);
  }

  function onSignal(): void {
    if (!gently.signal.aborted) {
      note('Stopping: no new orders, and those under way go through. Once more stops at once.');
      gently.abort();
      return;
    }
    stop();
    note('Stopping at once.');
    atOnce.abort();
  }

  for (const signal of signals) process.on(signal, onSignal);
  return { gently: gently.signal, atOnce: atOnce.signal, stop };
}
