import type { StopReport } from '@intermodal/core';

/** What a worker tells those who started it. */
export type WorkerReport =
  | { readonly type: 'taken'; readonly title: string; readonly redelivered: boolean }
  | ({ readonly type: 'stopped'; readonly leaseLost: number } & StopReport);
