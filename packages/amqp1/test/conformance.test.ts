import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onActivemq } from './harness.ts';

conformanceOn(onActivemq);

afterAll(() => stopServer('activemq'));
