import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type CannedKinesisCounts, startCannedKinesis } from '@intermodal/brokers/canned-kinesis';
import type { Surroundings } from '../bench.ts';

export const shards = 4;

/** Records that are there to be read, in turn. */
export interface CannedRecord {
  readonly key: string;
  readonly data: Uint8Array;
}

/** A Kinesis and a DynamoDB in a process of its own, which answer everything at once. */
export async function cannedServer(records: readonly CannedRecord[]): Promise<Surroundings> {
  const server = await startCannedKinesis({
    shards,
    held: 0,
    ...(records.length === 0
      ? {}
      : {
          records: records.map(({ key, data }) => ({
            key,
            data: Buffer.from(data).toString('base64'),
          })),
        }),
  });
  const address = JSON.stringify({ kinesis: server.endpoint, dynamo: server.dynamoEndpoint });
  return { address, stop: () => server.stop() };
}

export interface Endpoints {
  readonly kinesis: string;
  readonly dynamo: string;
}

/** What a contender asks of the server beside its work: over a socket of its own, so that nothing of it stays open. */
export interface CannedControl {
  /** Puts so many records into each shard, beside those that are there. */
  hold(records: number): Promise<void>;
  requests(): Promise<number>;
}

export function cannedControl({ kinesis }: Endpoints): CannedControl {
  async function ask(method: string, body: string): Promise<CannedKinesisCounts> {
    const asked = request(`${kinesis}/admin`, { method, agent: false });
    const answer = new Promise<string>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (response) => {
        text(response).then(resolve, reject);
      });
    });
    asked.end(body);
    return JSON.parse(await answer) as CannedKinesisCounts;
  }

  return {
    async hold(records) {
      await ask('POST', JSON.stringify({ held: records }));
    },
    async requests() {
      const counts = Object.values(await ask('GET', ''));
      return counts.reduce((sum, { requests }) => sum + requests, 0);
    },
  };
}
