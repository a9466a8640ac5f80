import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopServer } from './broker.ts';
import { kinds, singleActive } from './harness.ts';

for (const harness of [...kinds, singleActive]) conformanceOn(harness);

afterAll(() => Promise.all([stopServer('activemq'), stopServer('rabbitmq-protocols')]));
