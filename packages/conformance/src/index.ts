export type { Case, Claims, Need } from './case.ts';
export { titleOf } from './case.ts';
export { cases } from './cases/index.ts';
export { type CommandOutput, runCommand } from './command.ts';
export type { ConformanceOptions, Runner, TestContext } from './conformance.ts';
export { conformance } from './conformance.ts';
export type { ChannelSettings, Context } from './context.ts';
export type {
  Broker,
  FaultName,
  Faults,
  Harness,
  Limits,
  Program,
  Times,
  Undo,
  VirtualTime,
} from './harness.ts';
export type { Handler, Journal, Seen } from './journal.ts';
export type { CaseReport, SuiteOptions } from './report.ts';
export { runSuite } from './report.ts';
export type { Rule } from './rules.ts';
export { rules } from './rules.ts';
export type { CaseResult, RunOptions } from './run-case.ts';
export { runCase } from './run-case.ts';
export type {
  Core,
  Everything,
  TestChannel,
  TestClient,
  TestConsumeOptions,
  TestDelivery,
} from './test-client.ts';
export type { Waiting } from './waiting.ts';
