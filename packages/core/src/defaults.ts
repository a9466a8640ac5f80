/** Every default of the runtime, in one place; `docs/defaults.md` is made from it. */
export const defaults = {
  publishTimeoutMs: 30_000,
  maxPendingMessages: 10_000,
  maxPendingBytes: 67_108_864,
  operationTimeoutMs: 30_000,
  concurrency: 16,
  maxAttempts: 5,
  retryFirstDelayMs: 200,
  retryMaxDelayMs: 60_000,
  localRetryMaxMs: 60_000,
  checkpointMs: 1_000,
  unsettledWarningMs: 600_000,
  batchWaitMs: 100,
  stopDeadlineMs: 30_000,
} as const;
