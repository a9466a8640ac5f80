// A server of STOMP that answers at once and stores nothing, in a process of its own.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { bodyOf, keys, orderOf } from '../sqs/orders.ts';

interface Consumer {
  readonly socket: Socket;
  readonly id: string;
  readonly prefetch: number;
  unacked: number;
}

const consumers = new Set<Consumer>();
let backlog = 0;
let delivered = 0;
let acked = 0;
let sent = 0;

const messages = keys.map((key, index) => {
  const headers = [
    'expires:0',
    'destination:/queue/bench',
    'priority:4',
    'imid:5b0e7d3a-51e4-4c8a-9d0f-6f6a1f3f0a10',
    `imkey:${key}`,
    'imtime:1763800000000',
    'content-type:application/json',
    'persistent:true',
    'timestamp:1763800000000',
  ];
  return `${headers.join('\n')}\n\n${bodyOf(orderOf(index))}\0\n`;
});

function deliver(): void {
  for (const consumer of consumers) {
    let text = '';
    while (backlog > 0 && consumer.unacked < consumer.prefetch) {
      backlog -= 1;
      delivered += 1;
      consumer.unacked += 1;
      const own = `message-id:ID\\cbench-${delivered}\nack:a-${delivered}\nsubscription:${consumer.id}`;
      text += `MESSAGE\n${own}\n${messages[delivered % messages.length]}`;
    }
    if (text !== '') consumer.socket.write(text);
  }
}

/** What it answers to one frame. */
function answer(socket: Socket, frame: string): string {
  const headEnd = frame.indexOf('\n\n');
  const [command = '', ...lines] = frame.slice(0, headEnd).split('\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  switch (command) {
    case 'CONNECT':
      return 'CONNECTED\nserver:ActiveMQ/5.18.3\nheart-beat:0,0\nversion:1.2\n\n\0\n';
    case 'FILL':
      backlog += Number(headers.get('count'));
      break;
    case 'COUNTS':
      return `COUNTS\nacked:${acked}\nsent:${sent}\n\n\0\n`;
    case 'SEND':
      sent += 1;
      break;
    case 'SUBSCRIBE': {
      const id = headers.get('id') ?? '';
      const prefetch = Number(headers.get('activemq.prefetchSize'));
      const consumer: Consumer = { socket, id, prefetch, unacked: 0 };
      consumers.add(consumer);
      socket.on('close', () => consumers.delete(consumer));
      break;
    }
    case 'ACK':
      acked += 1;
      for (const consumer of consumers) if (consumer.socket === socket) consumer.unacked -= 1;
      break;
  }
  const receipt = headers.get('receipt');
  return receipt === undefined ? '' : `RECEIPT\nreceipt-id:${receipt}\n\n\0\n`;
}

const server = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const frames = (rest + chunk.toString('latin1')).split('\0');
    rest = frames.pop() ?? '';
    let answers = '';
    for (const frame of frames) answers += answer(socket, frame.replace(/^\n+/, ''));
    if (answers !== '') socket.write(answers);
    deliver();
  });
});

server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
// It ends with whoever started it.
process.on('disconnect', () => process.exit());
