import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onRabbitmq3Classic, singleActiveOn, together } from './harness.ts';

for (const harness of [onRabbitmq3Classic, singleActiveOn('rabbitmq')]) {
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: alone });
}

afterAll(() => stopServer('rabbitmq'));
