import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from './packages.ts';
import { run } from './process.ts';

/** The file of `src` that a file of `dist` comes from. */
function sourceOf(output: string): string {
  return output.replace(/(?:\.d\.ts|\.js)(?:\.map)?$/, '.ts');
}

/** The compiler never deletes, so what a renamed or removed source left behind would be published. */
export function removeStaleOutput({ path }: Package): void {
  const dist = join(path, 'dist');
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.tsbuildinfo')) continue;
    const file = join(entry.parentPath, entry.name);
    const source = join(path, 'src', sourceOf(file.slice(dist.length + 1)));
    if (!existsSync(source)) rmSync(file);
  }
}

/** Where `pnpm pack` puts a package. */
export function tarballOf({ manifest }: Package, folder: string): string {
  const name = manifest.name.replace('@', '').replace('/', '-');
  return join(folder, `${name}-${manifest.version}.tgz`);
}

/** Packs the built packages into a folder, as they would be published. */
export async function packAll(
  packages: readonly Package[],
  folder: string,
  cwd?: string,
): Promise<void> {
  const filters = packages.map(({ manifest }) => `--filter=${manifest.name}`);
  const args = ['--recursive', ...filters, 'pack', '--pack-destination', folder];
  await run('pnpm', args, cwd === undefined ? {} : { cwd });
  const missing = packages.filter((each) => !existsSync(tarballOf(each, folder)));
  if (missing.length > 0) {
    throw new Error(`no tarball of ${missing.map(({ manifest }) => manifest.name).join(', ')}`);
  }
}
