import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

/** Values over a socket, each with its length before it; maps, dates and bytes arrive as they were. */
export function sendFrame(socket: Socket, value: unknown): void {
  const body = serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  socket.write(Buffer.concat([head, body]));
}

export function onFrames(socket: Socket, receive: (value: unknown) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    buffered = Buffer.concat([buffered, data]);
    while (buffered.length >= 4) {
      const end = 4 + buffered.readUInt32BE();
      if (buffered.length < end) return;
      const value: unknown = deserialize(buffered.subarray(4, end));
      buffered = buffered.subarray(end);
      receive(value);
    }
  });
}
