import { setTimeout as wait } from 'node:timers/promises';
import { variableOf, type BrokerEnvironment } from '../broker.ts';
import type { OwnBroker } from '../start.ts';

interface Connection {
  readonly name: string;
}

/**
 * Closes every client's connection by the management API, as an operator would; resolves to how many.
 * Management learns of a connection a moment after it was opened: this waits for the first.
 *
 * @throws when there is none within ten seconds.
 */
export async function closeConnections(
  broker: string,
  environment: BrokerEnvironment | NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const connections = (await (
      await management(broker, environment, 'connections')
    ).json()) as readonly Connection[];
    for (const { name } of connections) {
      await management(broker, environment, `connections/${encodeURIComponent(name)}`, {
        method: 'DELETE',
        headers: { 'x-reason': 'closed by a test' },
      });
    }
    if (connections.length > 0) return connections.length;
    if (Date.now() > deadline) throw new Error(`${broker}: nobody is connected`);
    await wait(50);
  }
}

/** Asks the management API of a RabbitMQ: `queues/%2F/orders`. */
export async function management(
  broker: string,
  environment: BrokerEnvironment | NodeJS.ProcessEnv,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const url = new URL(environment[variableOf(broker, 'MANAGEMENT_URL')] ?? '');
  const login = Buffer.from(`${url.username}:${url.password}`).toString('base64');
  const headers = new Headers(init.headers);
  headers.set('authorization', `Basic ${login}`);
  const response = await fetch(`${url.protocol}//${url.host}/api/${path}`, { ...init, headers });
  if (response.ok || response.status === 404) return response;
  throw new Error(`${broker}: ${path} answered ${response.status}: ${await response.text()}`);
}

/** Lets the broker believe that its memory is full: it blocks whoever publishes. */
export async function raiseMemoryAlarm(broker: Pick<OwnBroker, 'run'>): Promise<void> {
  await broker.run('rabbitmqctl', 'set_vm_memory_high_watermark', '0.0000001');
}

/** Takes the memory alarm back. */
export async function clearMemoryAlarm(broker: Pick<OwnBroker, 'run'>): Promise<void> {
  await broker.run('rabbitmqctl', 'set_vm_memory_high_watermark', '0.4');
}

/**
 * Has the broker write down what was declared. It does so by itself, its quorum queues within half a second; killed before
 * that it forgets them, with messages it had confirmed. Now and then it forgets the binding that was declared last, too.
 *
 * @see https://github.com/rabbitmq/ra/blob/v2.2.0/src/ra_directory.erl for the `auto_save` of the table of queues
 */
export async function writeDownDeclarations(broker: Pick<OwnBroker, 'run'>): Promise<void> {
  const text = 'mnesia:dump_log(), lists:foreach(fun dets:sync/1, dets:all()).';
  await broker.run('rabbitmqctl', 'eval', text);
}
