import { createClient } from '@intermodal/core';
import { askedToStop, report } from '../child-process.ts';
import { transportOf } from '../transport.ts';
import { openDatabase, type Written } from './database.ts';
import { group, maxAttempts, readings } from './readings.ts';

/** What a writer tells those who started it. */
export type WriterReport =
  | ({ readonly type: 'written' } & Written)
  | { readonly type: 'failed'; readonly rows: number };

const toStop = askedToStop();
const [url = '', file = '', dieAfter = 'Infinity'] = process.argv.slice(2);
const database = openDatabase(file);
const client = createClient({ transport: await transportOf(url) });

let inserted = 0;

// One transaction at a time, and no more rows here than the next two need: the queue holds the rest.
const consumer = await client.require({ lease: true }).consumeBatch(
  readings,
  {
    group,
    max: 100,
    waitMs: 50,
    prefetch: 200,
    leaseMs: 4_000,
    retry: { maxAttempts, delayMs: () => 500 },
  },
  async (deliveries) => {
    const tell = (message: WriterReport): Promise<void> => report(message);
    try {
      const written = database.write(deliveries.map(({ body }) => body));
      await tell({ type: 'written', ...written });
      inserted += written.inserted;
      // For the demonstration a crash at the worst moment: the rows are committed, and the queue does not know yet.
      if (inserted >= Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
    } catch (error) {
      await tell({ type: 'failed', rows: deliveries.length });
      throw error; // none of them is in the database: all come again
    }
  },
);

await toStop;
await consumer.stop({ deadlineMs: 10_000 });
await client.close();
database.close();
if (process.connected) process.disconnect();
