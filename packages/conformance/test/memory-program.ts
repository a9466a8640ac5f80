import { memoryTransport } from '../../memory/src/index.ts';

const made = memoryTransport();
await made.admin?.provision(
  { channel: 'orders', group: 'billing', role: 'main' },
  { mode: 'create', order: 'none', maxAttempts: 5 },
  new AbortController().signal,
);

/** With one channel, `orders`, since nobody else can make one in that process. */
export const transport = (): typeof made => made;

// As some libraries do: from now on a full pipe refuses, instead of keeping the writer waiting.
void process.stdout;
