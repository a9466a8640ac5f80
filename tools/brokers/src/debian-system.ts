import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotAvailable, type ProcessSpec, type Progress } from './broker.ts';
import { installDebianPackages } from './debian.ts';
import { cacheFolder } from './folders.ts';
import { isThere } from './is-there.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);
const withinMs = 15 * 60_000;

/** A small Debian of another release, kept in the cache folder, for packages that this machine's has not. */
export interface DebianSystem {
  readonly wantedBy: string;
  readonly release: string;
  readonly packages: readonly string[];
}

/** Where a run's data folder is seen inside. */
export const dataInside = '/mnt';

function folderOf({ release, packages }: DebianSystem): string {
  return join(cacheFolder(), 'debian', [release, ...packages].join('-'));
}

/**
 * Makes the system, once: debootstrap from the mirror that this machine's apt uses.
 *
 * @throws NotAvailable unless this is Debian, as root and with leave to mount.
 */
export async function prepareDebianSystem(system: DebianSystem, progress: Progress): Promise<void> {
  await mayMount(system);
  const folder = folderOf(system);
  if (await isThere(folder)) return;
  await withLock(
    `${folder}.lock`,
    async () => {
      if (!(await isThere(folder))) await make(system, folder, progress);
    },
    (pid) => progress(`${system.wantedBy}: waiting for process ${pid}, which is installing it`),
  );
}

/**
 * How to run a program inside. Its mounts are its own: nobody else sees them, and they go with it,
 * however it ends.
 */
export function insideDebianSystem(
  system: DebianSystem,
  data: string,
  command: string,
  args: readonly string[],
): Pick<ProcessSpec, 'command' | 'args'> {
  const script = `mount --rbind /dev "$0/dev"
mount --rbind /proc "$0/proc"
mount --bind "$1" "$0${dataInside}"
shift
exec chroot "$0" "$@"`;
  const inside = [folderOf(system), data, command, ...args];
  return { command: 'unshare', args: ['--mount', 'sh', '-e', '-c', script, ...inside] };
}

async function mayMount({ wantedBy, release }: DebianSystem): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new NotAvailable(
      `${wantedBy}: runs in a Debian ${release} of its own, which only root can make and enter.`,
    );
  }
  try {
    await run('unshare', ['--mount', 'mount', '--bind', '/dev', '/dev']);
  } catch {
    throw new NotAvailable(
      `${wantedBy}: runs in a Debian ${release} of its own, and mounting is forbidden here ` +
        '(a container needs --privileged for it).',
    );
  }
}

async function make(system: DebianSystem, folder: string, progress: Progress): Promise<void> {
  const { wantedBy, release, packages } = system;
  // The keys of later releases come with updates of the keyring.
  const tools = ['debootstrap', 'debian-archive-keyring', 'gpgv'];
  await installDebianPackages(tools, wantedBy, progress);
  const mirror = await debianMirror(wantedBy);
  progress(`${wantedBy}: making a Debian ${release} with ${packages.join(', ')}, once`);
  await mkdir(join(folder, '..'), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  const include = `--include=${packages.join(',')}`;
  const options = { timeout: withinMs, maxBuffer: 64 * 1024 * 1024 };
  try {
    // What it mounts in the meantime is its own as well: a failed try can be removed.
    const debootstrap = ['debootstrap', '--variant=minbase', include, release, draft, mirror];
    await run('unshare', ['--mount', ...debootstrap], options);
    await writeFile(join(draft, 'etc/hosts'), '127.0.0.1 localhost\n');
    await rm(join(draft, 'var/cache/apt/archives'), { recursive: true, force: true });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true, maxRetries: 3 });
    const { stdout } = error as { readonly stdout?: string };
    const why = stdout?.trim().split('\n').at(-1) ?? String(error);
    throw new NotAvailable(`${wantedBy}: debootstrap of ${release} failed: ${why}`);
  }
}

/** The mirror of Debian itself among apt's sources. */
async function debianMirror(wantedBy: string): Promise<string> {
  const filters = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...filters]);
  const [mirror] = stdout.split('\n').filter(Boolean);
  if (mirror !== undefined) return mirror;
  throw new NotAvailable(`${wantedBy}: apt's sources name no mirror of Debian.`);
}
