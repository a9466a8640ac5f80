import { access } from 'node:fs/promises';

/** Resolves to whether there is a file or folder at that path. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
