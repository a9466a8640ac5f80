import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onRabbitmq, together } from './harness.ts';

conformance({ describe, it: it.concurrent }, onRabbitmq, { cases: together });
conformance({ describe, it }, onRabbitmq, { cases: alone });

afterAll(() => stopServer('rabbitmq-protocols'));
