import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, kinds, singleActive, together } from './harness.ts';

for (const harness of [...kinds, singleActive]) {
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: alone });
}

afterAll(() => Promise.all([stopServer('activemq'), stopServer('rabbitmq-protocols')]));
