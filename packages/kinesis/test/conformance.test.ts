import { conformanceAtOnce } from './at-once.ts';
import { onKinesisLocal } from './harness.ts';

conformanceAtOnce(onKinesisLocal);
