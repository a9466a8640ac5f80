import type { Telemetry } from '@intermodal/core';

export interface WatchOptions {
  readonly onRetried: () => void;
  readonly onDeadLettered: (id: string, group: string) => void;
  readonly note: (text: string) => void;
}

/** Passes on what matters of what core does by itself; the same trouble is told once. */
export function createWatch({ onRetried, onDeadLettered, note }: WatchOptions): Telemetry {
  const told = new Set<string>();

  function tell(text: string): void {
    if (told.has(text)) return;
    told.add(text);
    note(text);
  }

  return (event) => {
    const { type, channel, group = channel } = event;
    if (type === 'retried') onRetried();
    if (type === 'dead-lettered') {
      onDeadLettered(event.id, group);
      tell(`A message of '${channel}' went to the dead letters of '${group}': ${event.reason}.`);
    }
    if (type === 'dead-letter-failed')
      tell(`A dead letter of '${channel}' could not be stored: ${event.error.message}.`);
    if (type === 'settle-failed')
      tell(`A message of '${channel}' will come again: ${event.error.message}.`);
    if (type === 'reopening' && event.error !== undefined)
      tell(`The connection for '${channel}' is opened again: ${event.error.message}.`);
  };
}
