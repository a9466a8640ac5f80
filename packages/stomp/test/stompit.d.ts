/** Of stompit 1.0.0, which has no types, what the tests use. */
declare module 'stompit' {
  import type { Readable, Writable } from 'node:stream';

  type Headers = Readonly<Record<string, string | number>>;

  interface Message extends Readable {
    readonly headers: Readonly<Record<string, string>>;
  }

  interface Client {
    send(headers: Headers, options: { onReceipt(): void }): Writable;
    subscribe(
      headers: Headers,
      onMessage: (error: Error | null, message: Message) => void,
    ): unknown;
    ack(
      message: Message,
      headers?: Headers,
      sendOptions?: { onReceipt(): void },
      callback?: () => void,
    ): void;
    disconnect(callback: (error: Error | null) => void): void;
    destroy(error?: Error): void;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export function connect(
    options: {
      readonly host: string;
      readonly port: number;
      readonly connectHeaders: Headers;
    },
    onConnected: (error: Error | null, client: Client) => void,
  ): unknown;
}
