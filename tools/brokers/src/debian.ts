import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { NotAvailable, type Progress } from './broker.ts';
import { cacheFolder } from './folders.ts';
import { withLock } from './lock.ts';
import { withoutServices } from './no-services.ts';

const run = promisify(execFile);
const withinMs = 10 * 60_000;

/**
 * Installs Debian packages by apt, where that is possible: on Debian and its kin, as root.
 *
 * @throws NotAvailable with the command to type, where it is not.
 */
export async function installDebianPackages(
  packages: readonly string[],
  wantedBy: string,
  progress: Progress,
): Promise<void> {
  const names = packages.join(' ');
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !(await hasApt())) {
    throw new NotAvailable(
      `${wantedBy}: please install ${names} (Debian, Ubuntu: \`sudo apt-get install ${names}\`).`,
    );
  }
  progress(`${wantedBy}: installing the Debian packages ${names}`);
  // apt has a lock of its own, but fails at once where it is held.
  await withLock(`${cacheFolder()}/apt.lock`, async () =>
    withoutServices(async () => install(packages, wantedBy)),
  );
}

async function install(packages: readonly string[], wantedBy: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, timeout: withinMs, maxBuffer: 64 * 1024 * 1024 };
  const apt = async (...args: readonly string[]): Promise<unknown> =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-yq', ...args], options);
  const installed = async (): Promise<unknown> =>
    apt('install', '--no-install-recommends', ...packages);
  try {
    // A machine whose package lists are missing or old has to fetch them first, which takes longest.
    await installed().catch(async () => {
      await apt('update');
      await installed();
    });
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    const why = stderr?.trim().split('\n').at(-1) ?? String(error);
    throw new NotAvailable(`${wantedBy}: \`apt-get install ${packages.join(' ')}\` failed: ${why}`);
  }
}

async function hasApt(): Promise<boolean> {
  try {
    await access('/usr/bin/apt-get');
    return true;
  } catch {
    return false;
  }
}
