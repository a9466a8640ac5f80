import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { onActivemq } from './harness.ts';

conformance({ describe, it }, onActivemq);

afterAll(() => stopServer('activemq'));
