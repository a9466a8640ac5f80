import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const conditions = ['intermodal:source', 'node', 'development|production'];

/**
 * What `pnpm test` leaves out: all of the suite on RabbitMQ 4, and with single active consumers on 3.10; and the
 * driver's own tests on RabbitMQ 4.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'test/*.broker.ts',
      'test/{connecting,interop,permissions,receiving,sending,topology}.test.ts',
    ],
    globalSetup: ['test/rabbitmq4-setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
