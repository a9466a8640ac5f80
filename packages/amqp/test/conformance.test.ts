import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { alone, harnessesOn, together } from './harness.ts';

const { quorum } = harnessesOn('rabbitmq');
conformance({ describe, it: it.concurrent }, quorum, { cases: together });
conformance({ describe, it }, quorum, { cases: alone });

afterAll(() => stopRabbit('rabbitmq'));
