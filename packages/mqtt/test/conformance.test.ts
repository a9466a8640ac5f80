import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onMosquitto3, onMosquitto5 } from './harness.ts';

for (const harness of [onMosquitto5, onMosquitto3]) conformanceOn(harness);

afterAll(() => stopServer('mosquitto'));
