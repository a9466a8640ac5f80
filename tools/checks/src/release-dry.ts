import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishablePackages } from './packages.ts';
import { packAll, tarballOf } from './packing.ts';
import { root } from './places.ts';
import { Failure, run } from './process.ts';

/** Copies what is, or would be, committed: a release must not depend on anything else that lies about. */
async function copyWorkspace(to: string): Promise<void> {
  const listing = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  for (const path of listing.split('\n').filter(Boolean)) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(to, path), { recursive: true });
  }
  const git = (...args: readonly string[]): Promise<string> => run('git', args, { cwd: to });
  await git('init', '--quiet');
  await git('add', '--all');
  const author = ['-c', 'user.name=release', '-c', 'user.email=release@localhost'];
  await git(...author, '-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', 'copy');
}

interface Registry {
  readonly url: string;
  /** What anybody tried to change. */
  readonly writes: readonly string[];
  close(): void;
}

/** Stands where the registry would: knows no package, takes none and remembers who tried. */
async function openEmptyRegistry(): Promise<Registry> {
  const writes: string[] = [];
  const server = createServer((request, response) => {
    if (request.method !== 'GET') writes.push(`${request.method} ${request.url}`);
    response.writeHead(request.method === 'GET' ? 404 : 405).end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    writes,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks pnpm to publish everything, dry and to a registry that only this process knows. */
async function publishDry(copy: string): Promise<string> {
  const registry = await openEmptyRegistry();
  try {
    const args = ['--recursive', 'publish', '--dry-run', '--no-git-checks', '--report-summary'];
    // pnpm 12 does not read `npm_config_registry`: it would go to the real registry.
    const output = await run('pnpm', [...args, '--registry', registry.url], {
      cwd: copy,
      env: { pnpm_config_registry: registry.url },
    });
    if (registry.writes.length > 0) {
      throw new Failure('the dry run tried to write', registry.writes.join('\n'));
    }
    return output;
  } finally {
    registry.close();
  }
}

async function step<T>(name: string, action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await action();
  process.stdout.write(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return result;
}

async function release(scratch: string): Promise<void> {
  const copy = join(scratch, 'copy');
  const tarballs = join(scratch, 'tarballs');
  for (const folder of [copy, tarballs]) mkdirSync(folder);
  const inCopy = { cwd: copy };
  const pnpm = (...args: readonly string[]): Promise<string> => run('pnpm', args, inCopy);

  await step('copy', () => copyWorkspace(copy));
  await step('install', () => pnpm('install', '--frozen-lockfile', '--prefer-offline'));
  await step('changeset version', () => pnpm('exec', 'changeset', 'version'));
  await step('build', () => pnpm('exec', 'tsc', '-b'));
  const packages = publishablePackages(copy);
  await step('pack', () => packAll(packages, tarballs, copy));
  const output = await step('publish --dry-run', () => publishDry(copy));

  process.stdout.write('\n');
  for (const each of packages) {
    const file = tarballOf(each, tarballs);
    const contents = (await run('tar', ['-tzf', file])).trimEnd().split('\n').toSorted();
    const { name, version } = each.manifest;
    if (!output.includes(`${name}@${version}`)) {
      throw new Failure(`${name}@${version} would not be published`, output);
    }
    process.stdout.write(`${name}@${version}, ${contents.length} files\n`);
    for (const path of contents) process.stdout.write(`  ${path.replace('package/', '')}\n`);
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'intermodal-release-'));
try {
  await release(scratch);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n${error.output}\n`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
