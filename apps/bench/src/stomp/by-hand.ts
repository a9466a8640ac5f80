import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Client, type IMessage } from '@stomp/stompjs';
import { bodyOf, type Order } from '../sqs/orders.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

/** The twelve lines that stompjs needs to speak over TCP. */
function socketTo(port: number): object {
  const socket = connect(port, '127.0.0.1');
  const shim = {
    url: 'stomp',
    readyState: 0,
    onopen: (): void => undefined,
    onclose: (): void => undefined,
    onmessage: (_event: { readonly data: ArrayBuffer }): void => undefined,
    send(data: string | ArrayBuffer) {
      socket.write(typeof data === 'string' ? data : new Uint8Array(data));
    },
    close() {
      socket.end();
    },
  };
  socket.setNoDelay(true);
  socket.on('connect', () => {
    shim.readyState = 1;
    shim.onopen();
  });
  socket.on('data', (chunk: Buffer) => {
    shim.onmessage({ data: chunk as unknown as ArrayBuffer });
  });
  socket.on('close', () => {
    shim.readyState = 3;
    shim.onclose();
  });
  return shim;
}

interface ByHand {
  readonly client: Client;
  /** Resolves when it has come. */
  receipt(write: (id: string) => void): Promise<void>;
}

async function open(port: number): Promise<ByHand> {
  const client = new Client({
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    connectHeaders: { login: 'guest', passcode: 'guest' },
    webSocketFactory: () => socketTo(port) as never,
  });
  await new Promise<void>((resolve) => {
    client.onConnect = () => {
      resolve();
    };
    client.activate();
  });
  let receipts = 0;
  return {
    client,
    receipt(write) {
      return new Promise((resolve) => {
        receipts += 1;
        const id = `r${receipts}`;
        client.watchForReceipt(id, () => {
          resolve();
        });
        write(id);
      });
    },
  };
}

export const stompjsPublish: PublishingOptions = {
  name: 'stompjs by hand',
  async open(port) {
    const { client, receipt } = await open(port);
    return {
      send: (order) =>
        receipt((id) => {
          client.publish({
            destination: '/topic/VirtualTopic.bench',
            headers: {
              receipt: id,
              persistent: 'true',
              'content-type': 'application/json',
              imid: randomUUID(),
              imkey: order.customer,
              JMSXGroupID: order.customer,
              imtime: String(Date.now()),
            },
            body: bodyOf(order),
            skipContentLengthHeader: true,
          });
        }),
      stop: () => client.deactivate(),
    };
  },
};

export const stompjsConsume: ConsumingOptions = {
  name: 'stompjs by hand',
  async open(port, handle) {
    const { client, receipt } = await open(port);
    const take = async (message: IMessage): Promise<void> => {
      await handle(JSON.parse(message.body) as Order);
      await receipt((id) => {
        message.ack({ receipt: id });
      });
    };
    client.subscribe('/queue/Consumer.bench.VirtualTopic.bench', (message) => void take(message), {
      ack: 'client-individual',
      'activemq.prefetchSize': String(prefetch),
    });
    return { stop: () => client.deactivate() };
  },
};
