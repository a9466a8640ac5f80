import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { onFauxqs } from './harness.ts';

conformance({ describe, it }, onFauxqs.standard);
