import rhea, { type Connection, type ConnectionOptions, type EventContext } from 'rhea';

/** A rhea connection that never reconnects; errors are what its calls reject with. */
export interface Amqp1Peer extends AsyncDisposable {
  readonly connection: Connection;
  /** Resolves when the broker has accepted the message, which it keeps through a restart. */
  send(queue: string, body: string): Promise<void>;
  /** The body of the next message, which is accepted. */
  receive(queue: string): Promise<unknown>;
}

const withinMs = 15_000;

/** Connects to the given port of 127.0.0.1. */
export async function amqp1Peer(options: ConnectionOptions): Promise<Amqp1Peer> {
  const connection = rhea
    .create_container()
    .connect({ host: '127.0.0.1', reconnect: false, ...options });
  await first(connection, 'connection_open', ['connection_error', 'disconnected']);
  return {
    connection,
    async send(queue, body) {
      const sender = connection.open_sender(queue);
      await first(sender, 'sendable', ['sender_error', 'session_error']);
      sender.send({ durable: true, body });
      await first(sender, 'accepted', ['rejected', 'released', 'sender_error']);
      sender.close();
    },
    async receive(queue) {
      const receiver = connection.open_receiver({ source: queue, credit_window: 1 });
      const { message } = await first(receiver, 'message', ['receiver_error']);
      receiver.close();
      await first(receiver, 'receiver_close', []);
      const body: unknown = message?.body;
      return body;
    },
    async [Symbol.asyncDispose]() {
      if (!connection.is_open()) return;
      connection.close();
      await first(connection, 'connection_close', ['disconnected']);
    },
  };
}

interface Emitter {
  once(event: string, listener: (context: EventContext) => void): unknown;
}

/** Resolves with the event, and rejects with the first of the others or when none comes. */
async function first(
  emitter: Emitter,
  event: string,
  failures: readonly string[],
): Promise<EventContext> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no ${event} within ${withinMs} ms`));
    }, withinMs);
    emitter.once(event, (context) => {
      clearTimeout(timer);
      resolve(context);
    });
    for (const failure of failures) {
      emitter.once(failure, ({ connection, error, sender, receiver }) => {
        clearTimeout(timer);
        const why = error ?? sender?.error ?? receiver?.error ?? connection.error;
        reject(new Error(`${failure}: ${JSON.stringify(why)}`));
      });
    }
  });
}
