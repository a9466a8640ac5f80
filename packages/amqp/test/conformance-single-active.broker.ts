import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { alone, harnessesOn, together } from './harness.ts';

const { singleActive } = harnessesOn('rabbitmq');
conformance({ describe, it: it.concurrent }, singleActive, { cases: together });
conformance({ describe, it }, singleActive, { cases: alone });

afterAll(() => stopRabbit('rabbitmq'));
