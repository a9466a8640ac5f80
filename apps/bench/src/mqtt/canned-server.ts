// A process that speaks MQTT 5, stores nothing and answers at once: what is measured against it is the client.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { readPackets, type Packet } from './packets.ts';
import { fillTopic, ordersTopic } from './topics.ts';
import { bodyOf, keys, orderOf } from '../sqs/orders.ts';

const window = 100;
const connack = Buffer.from([0x20, 3, 0, 0, 0]);
const pong = Buffer.from([0xd0, 0]);

/** The one that is filled. */
let subscriber: Socket | undefined;
let left = 0;
let unacked = 0;
let nextId = 1;
/** Who asked for the fill, and is told when all of it is acked. */
let filler: Socket | undefined;

function lengthOf(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 0x80 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function publishOf(topic: string, qos: 0 | 1, properties: Buffer, payload: Buffer): Buffer {
  const id = qos === 1 ? Buffer.alloc(2) : Buffer.alloc(0);
  const body = Buffer.concat([
    ...[text(topic), id, lengthOf(properties.length), properties, payload],
  ]);
  return Buffer.concat([Buffer.from([0x30 | (qos << 1)]), lengthOf(body.length), body]);
}

const userProperty = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x26]), text(name), text(value)]);

/** What Intermodal sends, too. */
const messages = keys.map((key, index) =>
  publishOf(
    ordersTopic,
    1,
    Buffer.concat([
      Buffer.from([0x01, 1, 0x03]),
      text('application/json'),
      userProperty('imid', '5b0e7d3a-51e4-4c8a-9d0f-6f6a1f3f0a10'),
      userProperty('imkey', key),
      userProperty('imtime', '1763800000000'),
    ]),
    Buffer.from(bodyOf(orderOf(index))),
  ),
);
const filled = publishOf(fillTopic, 0, Buffer.alloc(0), Buffer.alloc(0));
/** Where the id of one of `messages` stands: behind type, a length of two bytes and the topic. */
const idAt = 3 + 2 + Buffer.byteLength(ordersTopic);

function push(): void {
  const batch: Buffer[] = [];
  while (left > 0 && unacked < window) {
    left -= 1;
    unacked += 1;
    const message = Buffer.from(messages[nextId % messages.length] as Buffer);
    message.writeUInt16BE(nextId, idAt);
    nextId = nextId === 65_535 ? 1 : nextId + 1;
    batch.push(message);
  }
  if (batch.length > 0) subscriber?.write(Buffer.concat(batch));
  else if (left === 0 && unacked === 0) filler?.write(filled);
}

/** Of a SUBSCRIBE without properties. */
function filtersOf(body: Buffer): readonly string[] {
  const filters: string[] = [];
  for (let at = 3; at < body.length;) {
    const end = at + 2 + body.readUInt16BE(at);
    filters.push(body.toString('utf8', at + 2, end));
    at = end + 1;
  }
  return filters;
}

function answerOf(socket: Socket, { type, body, flags }: Packet): Buffer | undefined {
  switch (type) {
    case 1:
      return connack;
    case 3: {
      const topicBytes = body.readUInt16BE(0);
      if ((flags & 0x06) === 0) {
        filler = socket;
        left += Number(body.subarray(2 + topicBytes + 1).toString());
        push();
        return undefined;
      }
      const id = body.readUInt16BE(2 + topicBytes);
      return Buffer.from([0x40, 2, id >> 8, id & 0xff]);
    }
    case 4:
      unacked -= 1;
      return undefined;
    case 8: {
      const filters = filtersOf(body);
      if (filters.includes(ordersTopic)) subscriber = socket;
      const granted = filters.map(() => 1);
      return Buffer.from([0x90, 3 + granted.length, body[0] ?? 0, body[1] ?? 0, 0, ...granted]);
    }
    case 12:
      return pong;
    default:
      return undefined;
  }
}

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  const read = readPackets();
  socket.on('data', (chunk) => {
    const answers: Buffer[] = [];
    let wasAcked = false;
    for (const packet of read(chunk)) {
      const answer = answerOf(socket, packet);
      if (answer !== undefined) answers.push(answer);
      wasAcked ||= packet.type === 4;
    }
    if (answers.length > 0) socket.write(Buffer.concat(answers));
    if (wasAcked) push();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('disconnect', () => process.exit());
