import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq4, onRabbitmq4Classic, singleActiveOn } from './harness.ts';

for (const harness of [onRabbitmq4, onRabbitmq4Classic]) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActiveOn('rabbitmq4'));

afterAll(() => stopServer('rabbitmq4'));
