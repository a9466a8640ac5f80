import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotAvailable, type Progress } from './broker.ts';
import { installDebianPackages } from './debian.ts';
import { cacheFolder } from './folders.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);
const oldestMinor = 10;
const installWithinMs = 10 * 60_000;

interface Python {
  readonly command: string;
  readonly version: string;
}

/**
 * The interpreter of a virtual environment that holds exactly the pinned requirements.
 *
 * It is made at the first call and kept in the cache folder, one for each state of the requirements
 * file; first calls from several processes at once are safe.
 *
 * @throws NotAvailable with what to install.
 */
export async function pythonWith(
  name: string,
  requirementsFile: string,
  progress: Progress,
): Promise<string> {
  const requirements = await readFile(requirementsFile);
  const digest = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), 'python', `${name}-${digest}`);
  const interpreter = join(folder, 'bin', 'python');
  if (await works(interpreter)) return interpreter;
  await withLock(
    `${folder}.lock`,
    async () => {
      if (await works(interpreter)) return;
      await rm(folder, { recursive: true, force: true });
      await make(name, folder, requirementsFile, progress);
    },
    (pid) => progress(`${name}: waiting for process ${pid}, which is installing it`),
  );
  return interpreter;
}

async function make(
  name: string,
  folder: string,
  requirementsFile: string,
  progress: Progress,
): Promise<void> {
  const python = await findPython(name, progress);
  progress(`${name}: installing from PyPI for Python ${python.version}, once`);
  await mkdir(join(folder, '..'), { recursive: true });
  // Made aside and renamed: a folder of that name is always a complete one.
  const draft = await mkdtemp(`${folder}.`);
  const options = { timeout: installWithinMs, maxBuffer: 64 * 1024 * 1024 };
  try {
    await run(python.command, ['-m', 'venv', draft], options);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    const pinned = ['--require-hashes', '--requirement', requirementsFile];
    await run(join(draft, 'bin', 'python'), [...pip, ...pinned], options);
    await writeFile(join(draft, 'complete'), '');
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    const { stderr } = error as { readonly stderr?: string };
    throw new NotAvailable(
      `${name}: could not be installed from PyPI: ${stderr?.trim() ?? String(error)}`,
    );
  }
}

const known = new Set<string>();

/** A venv whose Python was upgraded or removed under it does not start any more. */
async function works(interpreter: string): Promise<boolean> {
  if (known.has(interpreter)) return true;
  try {
    await access(join(interpreter, '..', '..', 'complete'));
    await run(interpreter, ['-c', ''], { timeout: 20_000 });
    known.add(interpreter);
    return true;
  } catch {
    return false;
  }
}

async function findPython(name: string, progress: Progress): Promise<Python> {
  const python = await usablePython();
  if (python) return python;
  await installDebianPackages(
    ['python3', 'python3-venv'],
    `${name} (Python 3.${oldestMinor} or newer with venv)`,
    progress,
  );
  const installed = await usablePython();
  if (installed) return installed;
  throw new NotAvailable(
    `${name}: needs Python 3.${oldestMinor} or newer with its venv and ensurepip modules; ` +
      'install one, or name one in INTERMODAL_PYTHON.',
  );
}

async function usablePython(): Promise<Python | undefined> {
  const named = process.env['INTERMODAL_PYTHON'];
  const candidates = named ? [named] : ['python3', 'python', '/usr/bin/python3'];
  for (const command of candidates) {
    const version = await versionOf(command);
    if (version !== undefined) return { command, version };
  }
  return undefined;
}

/** Its version, if it is new enough and can make a venv; Debian packs the latter apart. */
async function versionOf(command: string): Promise<string | undefined> {
  const probe = `import ensurepip, sys, venv
assert sys.version_info >= (3, ${oldestMinor})
assert ensurepip.version()
print(sys.version.split()[0])`;
  try {
    const { stdout } = await run(command, ['-c', probe], { timeout: 20_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
