import { setMaxListeners } from 'node:events';
import { type ConsumeMiddleware, Rejection } from '@intermodal/core';

/** What a handler does: its work, or throws, or refuses the message for good, or never returns. */
export const handlerModes = ['work', 'fail', 'reject', 'hang'] as const;
export type HandlerMode = (typeof handlerModes)[number];

/** Handlers that misbehave on demand. */
export interface Faults {
  readonly middleware: ConsumeMiddleware;
  set(reader: string, mode: HandlerMode): void;
  mode(reader: string): HandlerMode;
  /** Every handler works again; what hangs goes on. */
  heal(): void;
  readonly areOn: boolean;
}

export function createFaults(): Faults {
  const modes = new Map<string, { readonly mode: HandlerMode; readonly healed: AbortController }>();

  function set(reader: string, mode: HandlerMode): void {
    modes.get(reader)?.healed.abort();
    modes.delete(reader);
    if (mode === 'work') return;
    const healed = new AbortController();
    // One for each handler that hangs.
    setMaxListeners(0, healed.signal);
    modes.set(reader, { mode, healed });
  }

  return {
    set,
    mode: (reader) => modes.get(reader)?.mode ?? 'work',
    heal() {
      for (const reader of modes.keys()) set(reader, 'work');
    },
    get areOn() {
      return modes.size > 0;
    },
    async middleware({ channel, group, signal }, next) {
      const fault = modes.get(`${channel}/${group}`);
      switch (fault?.mode) {
        case undefined:
        case 'work':
          break;
        case 'fail':
          throw new Error(`the handler of '${channel}' was made to fail`);
        case 'reject':
          throw new Rejection(`the handler of '${channel}' was made to reject`);
        case 'hang':
          await aborted(AbortSignal.any([signal, fault.healed.signal]));
          signal.throwIfAborted();
      }
      await next();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
