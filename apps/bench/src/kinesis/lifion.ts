import { credentials, StreamName } from './by-hand.ts';
import type { Order } from './orders.ts';
import { peer } from './peers.ts';
import type { ConsumingOptions } from './work.ts';

interface Lifion {
  on(
    event: 'data',
    listener: (chunk: { readonly records: readonly { readonly data: Order }[] }) => void,
  ): void;
  on(event: 'error', listener: (error: Error) => void): void;
  startConsumer(): Promise<void>;
  stopConsumer(): void;
}

/** By polling, with its checkpoints and its assignment of shards, which it keeps in DynamoDB. */
export const lifionConsume: ConsumingOptions = {
  name: 'lifion-kinesis',
  async open({ kinesis, dynamo }, handle) {
    const Kinesis = peer('lifion-kinesis') as new (options: object) => Lifion;
    const common = { region: 'eu-west-1', ...credentials };
    const consumer = new Kinesis({
      ...common,
      endpoint: kinesis,
      streamName: StreamName,
      consumerGroup: 'bench',
      createStreamIfNeeded: false,
      initialPositionInStream: 'TRIM_HORIZON',
      pollDelay: 200,
      noRecordsPollDelay: 200,
      dynamoDb: { ...common, endpoint: dynamo, tableName: 'lifion' },
    });
    consumer.on('data', ({ records }) => {
      for (const { data } of records) void handle(data);
    });
    consumer.on('error', (error) => {
      throw error;
    });
    await consumer.startConsumer();
    return {
      stop() {
        consumer.stopConsumer();
        return Promise.resolve();
      },
    };
  },
};
