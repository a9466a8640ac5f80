import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { harnesses } from './harness.ts';

for (const harness of harnesses) conformance({ describe, it }, harness);
