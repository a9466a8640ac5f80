import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the workspace. */
export const root: string = dirname(
  fileURLToPath(new URL('../../../package.json', import.meta.url)),
);
