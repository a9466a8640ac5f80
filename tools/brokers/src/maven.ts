import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { NotAvailable, type Progress } from './broker.ts';
import { installDebianPackages } from './debian.ts';
import { cacheFolder } from './folders.ts';
import { isThere } from './is-there.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);
const withinMs = 10 * 60_000;
// The newer ones of this plug-in bring three times as much with them.
const getGoal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get';

/** A distribution in Maven Central: a `.tar.gz` with one folder in it. */
export interface MavenArchive {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly classifier: string;
  readonly sha256: string;
  /** The one folder in it. */
  readonly folder: string;
}

/** Where a distribution is unpacked, once `prepareMavenArchive` has been called. */
export function mavenArchiveFolder({ artifact, version, sha256 }: MavenArchive): string {
  return join(cacheFolder(), 'maven', `${artifact}-${version}-${sha256.slice(0, 12)}`);
}

/**
 * Downloads a distribution by Maven and unpacks it into the cache folder, once.
 *
 * @throws NotAvailable with what to install, or what went wrong.
 */
export async function prepareMavenArchive(
  archive: MavenArchive,
  wantedBy: string,
  progress: Progress,
): Promise<void> {
  const folder = mavenArchiveFolder(archive);
  if (await isThere(folder)) return;
  await withLock(
    `${folder}.lock`,
    async () => {
      if (!(await isThere(folder))) await make(archive, folder, wantedBy, progress);
    },
    (pid) => progress(`${wantedBy}: waiting for process ${pid}, which is installing it`),
  );
}

/** @throws NotAvailable where there is no Java and none can be installed. */
export async function prepareJava(wantedBy: string, progress: Progress): Promise<void> {
  if (await runs('java', '-version')) return;
  await installDebianPackages(['default-jre-headless'], wantedBy, progress);
}

async function make(
  archive: MavenArchive,
  folder: string,
  wantedBy: string,
  progress: Progress,
): Promise<void> {
  const { group, artifact, version, classifier } = archive;
  if (!(await runs('mvn', '--version'))) {
    await installDebianPackages(['maven'], wantedBy, progress);
  }
  progress(`${wantedBy}: downloading ${artifact} ${version} by Maven, once`);
  await mkdir(join(folder, '..'), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    const repository = join(draft, 'repository');
    const coordinates = [group, artifact, version, 'tar.gz', classifier].join(':');
    const properties = [`maven.repo.local=${repository}`, `artifact=${coordinates}`];
    const flags = [...properties, 'transitive=false'].map((property) => `-D${property}`);
    const options = { timeout: withinMs, maxBuffer: 64 * 1024 * 1024 };
    await run('mvn', ['--batch-mode', '--quiet', ...flags, getGoal], options);
    const file = `${artifact}-${version}-${classifier}.tar.gz`;
    const path = join(repository, ...group.split('.'), artifact, version, file);
    const digest = await sha256Of(path);
    if (digest !== archive.sha256) throw new Error(`${file} has the SHA-256 ${digest}`);
    await run('tar', ['-xzf', path, '-C', draft], options);
    await rename(join(draft, archive.folder), folder);
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    const why = stdout?.split('\n').find((line) => line.startsWith('[ERROR]')) ?? String(error);
    throw new NotAvailable(`${wantedBy}: could not be downloaded by Maven: ${why}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function runs(command: string, argument: string): Promise<boolean> {
  try {
    await run(command, [argument], { timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}
