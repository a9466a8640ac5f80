import { expectTakeovers } from '@intermodal/driver-tests';
import { test } from 'vitest';
import { stompTransport } from '../src/index.ts';

test(
  'standbys take over: nothing that was confirmed is lost, and each key is in order',
  { timeout: 300_000 },
  () =>
    expectTakeovers('STOMP', 20_000, (hosts) =>
      stompTransport({
        broker: 'activemq',
        hosts,
        credentials: { username: 'admin', password: 'admin' },
        idleTimeoutMs: 4_000,
      }),
    ),
);
