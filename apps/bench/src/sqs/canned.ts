import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type CannedSqsCounts, startCannedSqs } from '@intermodal/brokers/canned-sqs';
import type { Surroundings } from '../bench.ts';
import { bodyOf, keys, orderOf } from './orders.ts';

/** A server in a process of its own that answers everything at once, or after a round trip. */
export async function cannedServer(latencyMs: number): Promise<Surroundings> {
  const server = await startCannedSqs({
    latencyMs,
    backlog: 0,
    messages: keys.map((key, index) => ({
      body: bodyOf(orderOf(index)),
      attributes: Object.fromEntries(
        Object.entries({
          imid: '5b0e7d3a-51e4-4c8a-9d0f-6f6a1f3f0a10',
          imkey: key,
          imtime: '1763800000000',
        }).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      ),
    })),
  });
  return { address: server.endpoint, stop: () => server.stop() };
}

/** What a contender asks of the server beside its work: over a socket of its own, so that nothing of it stays open. */
export interface CannedControl {
  /** Puts so many messages into the queue. */
  fill(messages: number): Promise<void>;
  requests(): Promise<number>;
  /** Messages that were deleted. */
  deleted(): Promise<number>;
}

export function cannedControl(endpoint: string): CannedControl {
  async function ask(method: string, body: string): Promise<CannedSqsCounts> {
    const asked = request(`${endpoint}/admin`, { method, agent: false });
    const answer = new Promise<string>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (response) => {
        text(response).then(resolve, reject);
      });
    });
    asked.end(body);
    return JSON.parse(await answer) as CannedSqsCounts;
  }

  return {
    async fill(messages) {
      await ask('POST', JSON.stringify({ backlog: messages }));
    },
    async requests() {
      const { operations } = await ask('GET', '');
      let requests = 0;
      for (const [operation, counts] of Object.entries(operations))
        if (operation !== 'ReceivedMessages') requests += counts.requests;
      return requests;
    },
    async deleted() {
      const { operations } = await ask('GET', '');
      const batches = operations['DeleteMessageBatch']?.entries ?? 0;
      return batches + (operations['DeleteMessage']?.entries ?? 0);
    },
  };
}
