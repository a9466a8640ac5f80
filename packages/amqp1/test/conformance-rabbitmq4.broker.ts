import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onRabbitmq4, onRabbitmq4Classic, singleActiveOn, together } from './harness.ts';

for (const harness of [onRabbitmq4, onRabbitmq4Classic, singleActiveOn('rabbitmq4')]) {
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: alone });
}

afterAll(() => stopServer('rabbitmq4'));
