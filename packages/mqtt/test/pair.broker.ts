import { expectTakeovers } from '@intermodal/driver-tests';
import { test } from 'vitest';
import { mqttTransport } from '../src/index.ts';

test(
  'standbys take over: nothing that was confirmed is lost, and each key is in order',
  { timeout: 300_000 },
  () =>
    expectTakeovers('MQTT', 10_000, (hosts) =>
      mqttTransport({
        broker: 'activemq',
        protocol: '3.1.1',
        hosts,
        credentials: { username: 'admin', password: 'admin' },
        keepAliveMs: 4_000,
      }),
    ),
);
