import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import rhea, { type Container, type EventContext, type Sender } from 'rhea';
import type { Amqp1TransportOptions } from '../src/index.ts';

/** A peer of ours that listens, for what no broker here does when it is asked to. */
export interface ScriptedPeer extends AsyncDisposable {
  readonly container: Container;
  readonly options: Amqp1TransportOptions;
  /** Outcomes of what it sent, by the body of the message. */
  readonly outcomes: Map<string, string>;
  /** The link to our first receiver, once it is there. */
  readonly sender: Promise<Sender>;
  /** Breaks all connections. */
  cut(): void;
}

interface Script {
  /** @defaultValue those of RabbitMQ 4 */
  readonly properties?: Readonly<Record<string, string>>;
  /** Of its links as sender. */
  readonly initialDeliveryCount?: number;
  /** @defaultValue 65,535 */
  readonly channelMax?: number;
  /** Of a message that it receives. @defaultValue it is accepted */
  readonly onMessage?: (received: EventContext) => void;
}

export async function startScriptedPeer(script: Script = {}): Promise<ScriptedPeer> {
  const container = rhea.create_container();
  const outcomes = new Map<string, string>();
  const sockets = new Set<Socket>();
  let found: (sender: Sender) => void;
  const sender = new Promise<Sender>((resolve) => {
    found = resolve;
  });
  container.sasl_server_mechanisms = { ...plainMechanism };
  container.on('connection_open', ({ connection }: EventContext) => {
    const local = connection as unknown as { local: { open: object } };
    Object.assign(local.local.open, {
      properties: script.properties ?? { product: 'RabbitMQ', version: '4.0.5' },
      ...(script.channelMax === undefined ? {} : { channel_max: script.channelMax }),
    });
  });
  for (const silent of ['error', 'disconnected', 'connection_close', 'connection_error'])
    container.on(silent, () => undefined);
  // What the client asked for is what it gets.
  container.on('receiver_open', ({ receiver }: EventContext) => {
    receiver?.set_target(receiver.target);
  });
  container.on('sender_open', ({ sender: link }: EventContext) => {
    if (link === undefined) return;
    link.set_source(link.source);
    const hidden = link as unknown as {
      delivery_count: number;
      local: { attach: { initial_delivery_count: number } };
    };
    hidden.delivery_count = script.initialDeliveryCount ?? 0;
    hidden.local.attach.initial_delivery_count = script.initialDeliveryCount ?? 0;
    found(link);
  });
  for (const outcome of ['accepted', 'released', 'modified', 'rejected'])
    container.on(outcome, ({ delivery }: EventContext) => {
      outcomes.set(String(delivery?.tag), outcome);
    });
  container.on('message', (received: EventContext) => {
    if (script.onMessage === undefined) received.delivery?.accept();
    else script.onMessage(received);
  });
  const server: Server = container.listen({
    port: 0,
    host: '127.0.0.1',
    // Rhea's own record of what is not settled ends there.
    session_buffer_size: 10_000,
    receiver_options: { autoaccept: false },
    sender_options: { treat_modified_as_released: false },
  } as never);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy(new Error('cut'));
  };
  return {
    container,
    outcomes,
    sender,
    cut,
    options: { broker: 'rabbitmq', hosts: [{ host: '127.0.0.1', port }], connectTimeoutMs: 2_000 },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

const plainMechanism = {
  PLAIN: () => ({
    outcome: undefined as boolean | undefined,
    start(this: { outcome: boolean | undefined }) {
      this.outcome = true;
    },
  }),
};
