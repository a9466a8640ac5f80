import { defineConfig } from 'vitest/config';

const conditions = ['intermodal:source', 'node', 'development|production'];

/** Of a package whose folder this runs in: the tests that start brokers themselves, which `pnpm test` leaves out. */
export default defineConfig({
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
