import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { onMoto } from './harness.ts';

for (const harness of onMoto) conformance({ describe, it }, harness);
