import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { onFauxqs } from './harness.ts';

for (const harness of onFauxqs) conformance({ describe, it }, harness);
