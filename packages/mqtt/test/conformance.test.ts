import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onMosquitto3, onMosquitto5, together } from './harness.ts';

for (const harness of [onMosquitto5, onMosquitto3]) {
  conformance({ describe, it: it.concurrent }, harness, { cases: together });
  conformance({ describe, it }, harness, { cases: alone });
}

afterAll(() => stopServer('mosquitto'));
