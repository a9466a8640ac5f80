import type { Address } from '@intermodal/core/driver';
import { IntermodalError } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import type { Place } from './engine.ts';
import { mapError } from './map-error.ts';
import type { Settings } from './options.ts';

/** Stands for the session that a broker keeps for a group, or for one member of it. */
export function sessionId(settings: Settings, { channel, group, role }: Address): string {
  const { clientIdPrefix, member } = settings;
  const suffix = role === 'dead-letter' ? '_dlq' : '';
  const own = member === undefined ? '' : `.${member}`;
  return `${clientIdPrefix}.${channel}.${group ?? channel}${suffix}${own}`;
}

/** What the session subscribes to. */
export function filtersOf({ member }: Settings, address: Address, place: Place): string[] {
  const group = `${address.group ?? address.channel}${address.role === 'dead-letter' ? '_dlq' : ''}`;
  return place.filters.map((filter) =>
    member === undefined ? filter : `$share/${group}/${filter}`,
  );
}

/** Resolves when the broker has subscribed the session with QoS 1. @throws mapped errors */
export async function subscribe(
  connection: Connection,
  filters: readonly string[],
  settings: Settings,
  phrase: string,
  signal: AbortSignal,
): Promise<void> {
  const { native } = connection;
  // Retained messages, where they are wanted, once for each session.
  const options = {
    qos: 1,
    ...(settings.protocol === '5' ? { rh: settings.takeRetained ? 1 : 2 } : {}),
  } as const;
  const granted = await untilOver(
    connection,
    native.subscribeAsync([...filters], options),
    phrase,
    signal,
  );
  if (granted.every(({ qos }) => qos === 1)) return;
  throw new IntermodalError('unsupported', `${phrase}: the broker grants no QoS 1`, {
    transport: 'mqtt',
    address: phrase,
  });
}

/** The library answers nothing of what was under way when a connection dies. */
export async function untilOver<T>(
  connection: Connection,
  work: Promise<T>,
  phrase: string,
  signal: AbortSignal,
): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    void connection.dead.then(() => {
      reject(connection.over ?? new Error('the connection is closed'));
    });
  });
  aborted.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } catch (cause) {
    throw mapError(cause, phrase);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
