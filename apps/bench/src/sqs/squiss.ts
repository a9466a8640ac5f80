import { peerSqs } from './clients.ts';
import type { Order } from './orders.ts';
import { peer } from './peers.ts';
import { type ConsumingOptions, type PublishingOptions, queueUrlOf } from './work.ts';

interface SquissMessage {
  readonly body: Order;
  del(): Promise<void>;
}

interface Squiss {
  sendMessages(messages: readonly object[], delay: number, attributes: object[]): Promise<unknown>;
  start(): Promise<void>;
  stop(soft: boolean, timeoutMs: number): Promise<boolean>;
  on(event: 'message', listener: (message: SquissMessage) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface SquissModule {
  readonly Squiss: new (options: object) => Squiss;
}

function open(endpoint: string): Squiss {
  const { Squiss: Made } = peer('squiss-ts') as SquissModule;
  const squiss = new Made({
    SQS: peerSqs(endpoint),
    queueUrl: queueUrlOf(endpoint),
    correctQueueUrl: false,
    bodyFormat: 'json',
    maxInFlight: 32,
    receiveBatchSize: 10,
    receiveWaitTimeSecs: 20,
    // Its default of two seconds would leave the last messages to be waited for.
    deleteWaitMs: 5,
  });
  squiss.on('error', (error) => {
    throw error;
  });
  return squiss;
}

export const squissPublish: PublishingOptions = {
  name: 'squiss-ts, arrays of ten',
  callers: 3,
  perCall: 10,
  open(endpoint) {
    const squiss = open(endpoint);
    return {
      send: (orders) =>
        squiss.sendMessages(
          orders,
          0,
          orders.map(({ customer }) => ({ key: customer })),
        ),
      stop: () => Promise.resolve(),
    };
  },
};

export const squissConsume: ConsumingOptions = {
  name: 'squiss-ts',
  async open(endpoint, handle) {
    const squiss = open(endpoint);
    squiss.on('message', (message) => {
      void handle(message.body).then(() => message.del());
    });
    await squiss.start();
    return {
      async stop() {
        await squiss.stop(false, 100);
      },
    };
  },
};
