import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq } from './harness.ts';

conformanceOn(onRabbitmq);

afterAll(() => stopServer('rabbitmq-protocols'));
