import { randomUUID } from 'node:crypto';
import { IntermodalError } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import type { Opener } from './opener.ts';
import type { Settings } from './options.ts';
import { untilOver } from './session.ts';

const quietMs = 1_000;

/**
 * Proves that the broker does not grant `$share` and then deliver nothing, as some do. Before 5 no broker says so, and
 * then a message tells, beside one to a plain subscription; where that does not come either, nothing is known.
 *
 * @throws `mismatch`
 */
export async function proveSharing(
  opener: Opener,
  settings: Settings,
  topic: string,
  signal: AbortSignal,
): Promise<void> {
  const clientId = `${settings.clientIdPrefix}-sharing-${randomUUID()}`;
  const connection = await opener.open({ clientId, clean: true, keeps: false }, signal);
  try {
    if (settings.protocol === '5') {
      if (connection.connack.properties?.sharedSubscriptionAvailable === false)
        throw mismatch(settings);
    } else await probe(connection, settings, `${topic}/sharing-${randomUUID()}`, signal);
  } finally {
    await connection.close();
  }
}

async function probe(
  connection: Connection,
  settings: Settings,
  topic: string,
  signal: AbortSignal,
): Promise<void> {
  const { native } = connection;
  const [plain, shared] = [`${topic}/plain`, `${topic}/shared`];
  const come = new Map([plain, shared].map((each) => [each, signalled()]));
  native.on('message', (from) => {
    come.get(from)?.happened();
  });
  const arrival = (of: string): Promise<boolean> =>
    Promise.race([come.get(of)?.promise.then(() => true) ?? true, after(quietMs)]);
  const phrase = `topic '${topic}'`;
  let isSilent: boolean;
  try {
    const subscribing = native.subscribeAsync([plain, `$share/intermodal/${shared}`], { qos: 1 });
    await untilOver(connection, subscribing, phrase, signal);
    for (const to of [shared, plain]) {
      const publishing = native.publishAsync(to, 'are members served?', { qos: 1 });
      await untilOver(connection, publishing, phrase, signal);
    }
    isSilent = (await arrival(plain)) && !(await arrival(shared));
  } catch (error) {
    if (signal.aborted) throw error;
    return;
  }
  if (isSilent) throw mismatch(settings);
}

interface Signalled {
  readonly promise: Promise<void>;
  happened(): void;
}

function signalled(): Signalled {
  let happened = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    happened = resolve;
  });
  return { promise, happened };
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, false);
  });
}

function mismatch({ broker }: Settings): IntermodalError {
  const text = `broker is '${broker}', and the broker there grants shared subscriptions and delivers nothing: set broker to what it is, and leave member out`;
  return new IntermodalError('mismatch', text, { transport: 'mqtt' });
}
