import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq4, onRabbitmq4Classic, singleActiveOn } from './harness.ts';

for (const harness of [onRabbitmq4, onRabbitmq4Classic, singleActiveOn('rabbitmq4')])
  conformanceOn(harness);

afterAll(() => stopServer('rabbitmq4'));
