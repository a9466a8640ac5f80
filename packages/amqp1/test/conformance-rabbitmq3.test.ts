import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq3 } from './harness.ts';

conformanceOn(onRabbitmq3);

afterAll(() => stopServer('rabbitmq'));
