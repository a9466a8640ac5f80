import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Apart from the workspace's projects: these tests install brokers that no other test needs yet. */
export default defineConfig({
  test: {
    name: 'brokers:engines',
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['engines/*.test.ts'],
    // Two cores: a broker that starts beside another takes twice as long.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 900_000,
  },
});
