import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const conditions = ['intermodal:source', 'node', 'development|production'];

/** The tests against RabbitMQ and pairs of brokers, which start them themselves: `pnpm --filter @intermodal/mqtt test:broker`. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.broker.ts'],
    // Each file has a broker of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
