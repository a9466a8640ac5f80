import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** Gives each test a run folder of its own, and none of the addresses that the run was given. */
export function ownRunFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'intermodal-run-'));
    vi.stubEnv('INTERMODAL_RUN', folder.path);
    vi.stubEnv('INTERMODAL_FAUXQS_ENDPOINT', undefined);
    vi.stubEnv('INTERMODAL_MOTO_ENDPOINT', undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder.path, { recursive: true });
  });
  return folder;
}
