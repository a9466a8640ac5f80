import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../peers/', import.meta.url);
const load = createRequire(new URL('package.json', folder));

/** Installs the other libraries once, outside of the workspace: whoever runs no bench has nothing of them. */
export async function preparePeers(): Promise<void> {
  const installed = new URL('node_modules/.package-lock.json', folder);
  const wanted = new URL('package-lock.json', folder);
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(wanted).mtimeMs) return;
  process.stderr.write('installing the libraries to compare with, once\n');
  // Two of them ask for versions of each other that were never published.
  const npm = spawn('npm', ['ci', '--legacy-peer-deps', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(folder),
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the libraries to compare with could not be installed: ${code}`);
}

/** One of them, of which the workspace knows no types. */
export function peer(name: string): unknown {
  return load(name);
}
