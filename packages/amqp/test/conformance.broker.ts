import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { harnesses, singleActiveCases, singleActiveOn } from './harness.ts';

for (const harness of harnesses) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActiveOn('rabbitmq'), { cases: singleActiveCases });

afterAll(() => stopRabbit('rabbitmq'));
