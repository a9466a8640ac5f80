import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopRabbit } from './broker.ts';
import { harnessesOn } from './harness.ts';

for (const harness of Object.values(harnessesOn('rabbitmq4'))) conformanceOn(harness);

afterAll(() => stopRabbit('rabbitmq4'));
