import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { alone, onAedes, together } from './harness.ts';

conformance({ describe, it: it.concurrent }, onAedes, { cases: together });
conformance({ describe, it }, onAedes, { cases: alone });

afterAll(() => stopServer('aedes'));
