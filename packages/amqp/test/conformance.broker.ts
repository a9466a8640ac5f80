import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { harnesses, singleActive, singleActiveCases } from './harness.ts';

for (const harness of harnesses) conformance({ describe, it }, harness);
conformance({ describe, it }, singleActive, { cases: singleActiveCases });
