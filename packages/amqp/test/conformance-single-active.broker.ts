import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopRabbit } from './broker.ts';
import { harnessesOn } from './harness.ts';

const { singleActive } = harnessesOn('rabbitmq');
conformanceOn(singleActive);

afterAll(() => stopRabbit('rabbitmq'));
