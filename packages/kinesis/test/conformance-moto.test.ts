import { conformanceAtOnce } from './at-once.ts';
import { onMoto } from './harness.ts';

// What a second emulator could show otherwise; all of it is run by `pnpm conformance kinesis-moto`.
conformanceAtOnce(onMoto, ({ rules }) => rules.some((rule) => /^(?:L|O1|P4|R10)/.test(rule)));
