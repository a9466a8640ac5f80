import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { onAedes } from './harness.ts';

conformanceOn(onAedes);

afterAll(() => stopServer('aedes'));
