import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll } from 'vitest';
import { stopRabbit } from './broker.ts';
import { harnessesOn } from './harness.ts';

const { quorum } = harnessesOn('rabbitmq');
conformanceOn(quorum);

afterAll(() => stopRabbit('rabbitmq'));
