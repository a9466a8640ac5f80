import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type IStompSocket, StompSocketState } from '@stomp/stompjs';
import { type ClientOptions, WebSocket } from 'ws';
import { IntermodalError } from '@intermodal/core/driver';
import { createFrameReader, type Frame } from './frames.ts';
import type { Settings } from './options.ts';

/** What takes frames to the broker and back: TCP, TLS or a WebSocket. */
export interface Carrier {
  /** The side that stompjs sees: it is given each frame that `take` leaves to it. */
  readonly stomp: IStompSocket;
  /** Frames in their order, those of one turn with one system call. */
  write(...parts: readonly (string | Uint8Array)[]): void;
  /** Gives the socket up at once. */
  destroy(error?: Error): void;
}

export interface CarrierOptions {
  readonly remote: { readonly host: string; readonly port: number };
  /** Whether the frame is done with. */
  readonly take: (frame: Frame) => boolean;
  /** Once, with the error where there is one. */
  readonly onClose: (error: Error | undefined) => void;
}

/** The bytes on the wire, whatever they are carried by. */
interface Line {
  write(parts: readonly (string | Uint8Array)[]): void;
  end(): void;
  destroy(): void;
}

interface LineEvents {
  open(): void;
  bytes(chunk: Buffer): void;
  error(error: Error): void;
  close(): void;
}

export function openCarrier(settings: Settings, options: CarrierOptions): Carrier {
  let failure: Error | undefined;
  let isOver = false;
  let isAlive = false;

  const reader = createFrameReader({
    onFrame(frame, bytes) {
      if (isOver) return;
      if (options.take(frame)) isAlive = true;
      else give(bytes);
    },
    onHeartBeat() {
      isAlive = true;
    },
    onBroken() {
      destroy(new IntermodalError('unsupported', unreadable, { transport: 'stomp' }));
    },
  });

  function give(bytes: Uint8Array): void {
    stomp.onmessage?.({ data: Uint8Array.from(bytes).buffer });
  }

  function over(): void {
    if (isOver) return;
    isOver = true;
    state = StompSocketState.CLOSED;
    options.onClose(failure);
    stomp.onclose?.({});
  }

  let state = StompSocketState.CONNECTING;
  const line = openLine(settings, options.remote, {
    open() {
      if (isOver) return;
      state = StompSocketState.OPEN;
      stomp.onopen?.();
    },
    bytes(chunk) {
      reader.push(chunk);
      // What stompjs is not shown is a sign of life to it like any other.
      if (isAlive) give(heartBeat);
      isAlive = false;
    },
    error(error) {
      failure ??= error;
    },
    close: over,
  });

  function write(...parts: readonly (string | Uint8Array)[]): void {
    if (state === StompSocketState.OPEN) line.write(parts);
  }

  function destroy(error?: Error): void {
    failure ??= error;
    line.destroy();
    over();
  }

  const stomp: IStompSocket = {
    url: `stomp://${options.remote.host}`,
    get readyState() {
      return state;
    },
    onclose: undefined,
    onerror: undefined,
    onmessage: undefined,
    onopen: undefined,
    send(data) {
      // A body would be bytes; stompjs is asked to write none.
      if (typeof data === 'string') write(data);
    },
    close() {
      line.end();
    },
    terminate() {
      destroy(new Error('the broker did not answer'));
    },
  };
  return { stomp, write, destroy };
}

const heartBeat = Uint8Array.of(0x0a);
const unreadable =
  "stomp: a frame has another length than it says, as a message of bytes has by ActiveMQ's WebSocket, which carries text alone: consume it by stomp or stomp+ssl";

function openLine(settings: Settings, remote: CarrierOptions['remote'], events: LineEvents): Line {
  return settings.webSocket === undefined
    ? socketLine(openSocket(settings, remote, events.open), events)
    : webSocketLine(
        openWebSocket(settings, settings.webSocket.path, remote),
        // ActiveMQ drops binary ones without a word; RabbitMQ takes no text that is none.
        settings.broker === 'rabbitmq',
        events,
      );
}

function openSocket(
  { tls }: Settings,
  remote: CarrierOptions['remote'],
  onConnected: () => void,
): Socket {
  if (tls === undefined) return connectTcp(remote, onConnected);
  return connectTls({ ...serverName(remote.host), ...tls, ...remote }, onConnected);
}

function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function socketLine(socket: Socket, events: LineEvents): Line {
  /** Of this turn, and not written yet. */
  let text = '';
  let isScheduled = false;

  function flush(): void {
    if (text === '') return;
    socket.write(text);
    text = '';
  }

  function end(): void {
    isScheduled = false;
    flush();
    socket.uncork();
  }

  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  socket.on('data', events.bytes);
  socket.on('error', events.error);
  socket.on('close', events.close);
  return {
    write(parts) {
      if (!isScheduled) {
        isScheduled = true;
        socket.cork();
        process.nextTick(end);
      }
      for (const part of parts) {
        if (typeof part === 'string') text += part;
        else {
          flush();
          socket.write(part);
        }
      }
    },
    end() {
      socket.end();
    },
    destroy() {
      socket.destroy();
    },
  };
}

function openWebSocket(
  { tls }: Settings,
  path: string,
  { host, port }: CarrierOptions['remote'],
): WebSocket {
  const authority = host.includes(':') ? `[${host}]` : host;
  const url = `${tls === undefined ? 'ws' : 'wss'}://${authority}:${port}${path}`;
  const options = {
    ...serverName(host),
    ...tls,
    perMessageDeflate: false,
    // RabbitMQ marks all as text, bytes too.
    skipUTF8Validation: true,
  };
  // Its types know another `checkServerIdentity` than Node, which is given it as it is.
  return new WebSocket(url, ['v12.stomp'], options as unknown as ClientOptions);
}

function webSocketLine(socket: WebSocket, binary: boolean, events: LineEvents): Line {
  socket.on('open', events.open);
  socket.on('message', (data: Buffer) => {
    events.bytes(data);
  });
  socket.on('error', events.error);
  socket.on('close', events.close);
  return {
    write(parts) {
      const bytes = Buffer.concat(
        parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
      );
      socket.send(bytes, { binary }, () => undefined);
    },
    end() {
      socket.close();
    },
    destroy() {
      socket.terminate();
    },
  };
}
