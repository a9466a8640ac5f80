import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onRabbitmq3, together } from './harness.ts';

conformance({ describe, it: it.concurrent }, onRabbitmq3, { cases: together });
conformance({ describe, it }, onRabbitmq3, { cases: alone });

afterAll(() => stopServer('rabbitmq'));
