import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { alone, harnessesOn, together } from './harness.ts';

for (const harness of Object.values(harnessesOn('rabbitmq4'))) {
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: alone });
}

afterAll(() => stopRabbit('rabbitmq4'));
