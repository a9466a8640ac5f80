import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onActivemq, together } from './harness.ts';

conformance({ describe, it: it.concurrent }, onActivemq, { cases: together });
conformance({ describe, it }, onActivemq, { cases: alone });

afterAll(() => stopServer('activemq'));
