import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { harnessesOn, singleActiveCases, singleActiveOn } from './harness.ts';

for (const harness of harnessesOn('rabbitmq4')) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActiveOn('rabbitmq4'), { cases: singleActiveCases });
