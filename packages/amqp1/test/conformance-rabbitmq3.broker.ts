import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq3Classic, singleActiveOn } from './harness.ts';

for (const harness of [onRabbitmq3Classic, singleActiveOn('rabbitmq')]) conformanceOn(harness);

afterAll(() => stopServer('rabbitmq'));
