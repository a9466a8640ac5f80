import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { harnessesOn, singleActiveCases, singleActiveOn } from './harness.ts';

for (const harness of harnessesOn('rabbitmq4')) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActiveOn('rabbitmq4'), { cases: singleActiveCases });

afterAll(() => stopRabbit('rabbitmq4'));
