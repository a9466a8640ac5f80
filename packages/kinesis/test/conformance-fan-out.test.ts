import { conformanceAtOnce } from './at-once.ts';
import { fanOutOnKinesisLocal } from './harness.ts';

// What shards that push could change; all of it is run by `pnpm conformance kinesis-fan-out-kinesis-local`.
conformanceAtOnce(fanOutOnKinesisLocal, ({ rules }) =>
  rules.some((rule) => /^(?:L|O1|O3|F|R6|R14)/.test(rule)),
);
