import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasReleases, releases } from './consumer-project.ts';
import type { Package } from './packages.ts';
import { root } from './places.ts';
import { Failure, run } from './process.ts';

/** Packages must open within this time and then let the process end by itself. */
const openMs = 30_000;

async function gather(tasks: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) return;
  const texts = errors.map((error) =>
    error instanceof Failure ? `${error.message}\n${error.output}` : String(error),
  );
  throw new Failure(`${errors.length} of ${results.length} failed`, texts.join('\n'));
}

/** `import` and `require()` of every entry point on every Node release that the packages speak for. */
export async function checkImports(consumer: string): Promise<string> {
  const tried = releases();
  for (const script of ['import.mjs', 'require.cjs']) {
    await gather(
      tried.map(({ path }) => run(path, [script], { cwd: consumer, timeoutMs: openMs })),
    );
  }
  const names = tried.map(({ name }) => name).join(', ');
  return hasReleases ? `on ${names}` : `on ${names} only: the others are for Linux x64`;
}

/** The packages' declarations as a user's compiler sees them, from an ES module and from CommonJS. */
export async function checkConsumerTypes(consumer: string): Promise<void> {
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: consumer });
}

/** What stands in the packages once installed: licence, source for the maps, no word of this workspace. */
export function installedProblems(
  consumer: string,
  packages: readonly Package[],
): readonly string[] {
  return packages.flatMap(({ manifest: { name } }) => {
    const at = join(consumer, 'node_modules', name);
    const text = readFileSync(join(at, 'package.json'), 'utf8');
    const problems = ['intermodal:source', 'workspace:', 'catalog:']
      .filter((word) => text.includes(word))
      .map((word) => `${name}: the packed manifest says "${word}"`);
    for (const file of ['LICENSE', 'README.md', 'src/index.ts', 'dist/index.d.ts.map']) {
      if (!existsSync(join(at, file))) problems.push(`${name}: ${file} is not packed`);
    }
    return problems;
  });
}

export async function checkEach(
  packages: readonly Package[],
  command: (each: Package) => Promise<unknown>,
): Promise<void> {
  const failures: string[] = [];
  for (const each of packages) {
    try {
      await command(each);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(`${each.manifest.name}: ${error.message}\n${error.output}`);
    }
  }
  if (failures.length > 0) throw new Failure(`${failures.length} failed`, failures.join('\n'));
}
