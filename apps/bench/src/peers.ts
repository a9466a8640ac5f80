import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The other libraries of one file of benches: those of `peers/<name>`. */
export interface Peers {
  /** Installs them once, outside of the workspace: whoever runs no bench has nothing of them. */
  readonly prepare: () => Promise<void>;
  /** One of them, of which the workspace knows no types. */
  readonly load: (name: string) => unknown;
}

export function peersOf(name: string): Peers {
  const folder = new URL(`../peers/${name}/`, import.meta.url);
  return {
    async prepare() {
      const installed = new URL('node_modules/.package-lock.json', folder);
      const wanted = new URL('package-lock.json', folder);
      if (existsSync(installed) && statSync(installed).mtimeMs > statSync(wanted).mtimeMs) return;
      process.stderr.write(`installing the libraries that bench ${name} compares with, once\n`);
      // Some ask for versions of each other that were never published.
      const npm = spawn('npm', ['ci', '--legacy-peer-deps', '--no-audit', '--no-fund'], {
        cwd: fileURLToPath(folder),
        stdio: ['ignore', process.stderr, process.stderr],
      });
      const [code] = (await once(npm, 'exit')) as [number | null];
      if (code !== 0)
        throw new Error(`the libraries to compare with could not be installed: ${code}`);
    },
    load: createRequire(new URL('package.json', folder)),
  };
}
