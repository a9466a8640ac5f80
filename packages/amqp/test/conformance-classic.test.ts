import { conformance } from '@intermodal/conformance';
import { conformanceOn } from '@intermodal/driver-tests/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { aboutOrder, harnessesOn } from './harness.ts';

const { classic, singleActive } = harnessesOn('rabbitmq');
conformanceOn(classic);
conformance({ describe, it: it.concurrent }, singleActive, { cases: aboutOrder });

afterAll(() => stopRabbit('rabbitmq'));
