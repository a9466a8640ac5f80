import { describe, it } from 'vitest';
import { cases, conformance } from '../src/index.ts';
import { createBridgeHarness } from './bridge/harness.ts';

/** What needs sockets or processes; the rest runs over the broker in memory, in no time. */
const rules: readonly string[] = ['P11', 'R6', 'F1', 'F2', 'F3', 'F5'];
const wanted = cases.filter((one) => one.rules.some((rule) => rules.includes(rule)));

conformance({ describe, it }, createBridgeHarness(), { cases: wanted });
