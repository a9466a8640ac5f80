import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { onMoto } from './harness.ts';

conformance({ describe, it }, onMoto.fifo);
