import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { harnesses, singleActiveCases, singleActiveOn } from './harness.ts';

for (const harness of harnesses) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActiveOn('rabbitmq'), { cases: singleActiveCases });
