import type { Connection } from './connection.ts';
import type { Place } from './engine.ts';
import type { Frame } from './frames.ts';
import type { Settings } from './options.ts';

export interface SubscriptionSetup {
  readonly connection: Connection;
  readonly place: Place;
  readonly group: string;
  readonly settings: Settings;
  readonly prefetch: number;
  /** Only messages that it fits. */
  readonly selector?: string | undefined;
}

const maxPrefetch = 32_767;

/** The only one of its connection; ends it where the broker refuses. @throws mapped errors */
export async function subscribe(
  { connection, place, group, settings, prefetch, selector }: SubscriptionSetup,
  onMessage: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<void> {
  const count = String(Math.min(prefetch, maxPrefetch));
  connection.onMessage = onMessage;
  try {
    await connection.ask(
      'SUBSCRIBE',
      [
        ['id', '0'],
        ['destination', place.destination],
        ['ack', 'client-individual'],
        ...(settings.broker === 'rabbitmq'
          ? [['prefetch-count', count] as const]
          : [['activemq.prefetchSize', count] as const]),
        ...(selector === undefined ? [] : [['selector', selector] as const]),
        ...(place.kind === 'topic' ? [['activemq.subscriptionName', group] as const] : []),
      ],
      signal,
    );
  } catch (error) {
    void connection.close(AbortSignal.abort());
    throw error;
  }
}
