import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq3 } from './harness.ts';

conformance({ describe, it }, onRabbitmq3);

afterAll(() => stopServer('rabbitmq'));
