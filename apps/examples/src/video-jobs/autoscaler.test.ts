import { expect, test } from 'vitest';
import { workersWanted } from './autoscaler.ts';

const pool = { jobsPerWorker: 4, most: 5 };

test.each([
  [{ ready: 0, inFlight: 0 }, 1],
  [{ ready: 4, inFlight: 0 }, 1],
  [{ ready: 3, inFlight: 2 }, 2],
  [{ ready: 0, inFlight: 9 }, 3],
  [{ ready: 900, inFlight: 12 }, 5],
])('%o asks for %i workers', (backlog, workers) => {
  expect(workersWanted(backlog, pool)).toBe(workers);
});
