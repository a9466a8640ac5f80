import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the workspace. */
export const workspaceFolder: string = fileURLToPath(new URL('../../../', import.meta.url));

/** What is downloaded or built once for all checkouts: `INTERMODAL_CACHE`, or the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment['INTERMODAL_CACHE']) return resolve(environment['INTERMODAL_CACHE']);
  return join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'intermodal');
}

/** What runs for this checkout, and its logs: `INTERMODAL_RUN`, or `.cache/brokers` of the workspace. */
export function runFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment['INTERMODAL_RUN']) return resolve(environment['INTERMODAL_RUN']);
  return join(workspaceFolder, '.cache', 'brokers');
}
