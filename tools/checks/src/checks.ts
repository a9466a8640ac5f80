import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkConsumerTypes,
  checkEach,
  checkImports,
  installedProblems,
} from './check-consumer.ts';
import { createConsumer, prepareReleases } from './consumer-project.ts';
import type { Package } from './packages.ts';
import { packAll, removeStaleOutput, tarballOf } from './packing.ts';
import { root } from './places.ts';
import { Failure, run } from './process.ts';
import type { Check } from './run-checks.ts';
import { manifestProblems } from './structure/manifest.ts';
import { referenceProblems } from './structure/references.ts';
import { readmeProblems } from './structure/readme.ts';
import { sourceProblems } from './structure/source.ts';

type Problems = readonly string[] | Promise<readonly string[]>;

function none(name: string, find: () => Problems, after: readonly string[] = []): Check {
  return {
    name,
    after,
    async run() {
      const problems = await find();
      if (problems.length > 0) throw new Failure(`${problems.length} found`, problems.join('\n'));
    },
  };
}

function command(
  name: string,
  file: string,
  args: readonly string[],
  after: readonly string[] = [],
): Check {
  return {
    name,
    after,
    async run() {
      await run(file, args);
    },
  };
}

/**
 * Every check, the quick ones first. What is packed and installed goes into `scratch`, which lies outside the
 * workspace so that nothing of it can be found by chance.
 */
export function allChecks(packages: readonly Package[], scratch: string): readonly Check[] {
  const tarballs = join(scratch, 'tarballs');
  const consumer = join(scratch, 'consumer');
  const tool = (name: string): string => join(root, 'tools/checks/node_modules/.bin', name);
  const tarball = (each: Package): string => tarballOf(each, tarballs);

  return [
    none('package structure', () => [...manifestProblems(packages), ...referenceProblems()]),
    none('readme sections', () => readmeProblems(packages)),
    none('source files', sourceProblems),
    command('format', 'oxfmt', ['--check', '.']),
    command('types', 'tsc', ['-b']),
    command('lint', 'oxlint', ['--type-aware', '--deny-warnings'], ['types']),
    {
      name: 'node releases at hand',
      run: prepareReleases,
    },
    {
      name: 'pack',
      after: ['types'],
      async run() {
        for (const each of packages) removeStaleOutput(each);
        await packAll(packages, tarballs);
      },
    },
    command('unused code', 'knip', ['--no-progress', '--no-config-hints'], ['types']),
    {
      name: 'install from tarballs',
      after: ['pack'],
      async run() {
        mkdirSync(consumer, { recursive: true });
        await createConsumer(consumer, packages, tarballs);
      },
    },
    {
      name: 'publint',
      after: ['pack'],
      run: () => checkEach(packages, (each) => run(tool('publint'), [tarball(each), '--strict'])),
    },
    none('installed files', () => installedProblems(consumer, packages), ['install from tarballs']),
    {
      name: 'import and require',
      after: ['install from tarballs', 'node releases at hand'],
      run: () => checkImports(consumer),
    },
    {
      name: 'types for a consumer',
      after: ['install from tarballs'],
      run: () => checkConsumerTypes(consumer),
    },
    command('api reports', process.execPath, ['tools/docs/src/api.ts'], ['types']),
    command('docs made from code', process.execPath, [
      '--conditions=intermodal:source',
      'tools/docs/src/generated.ts',
    ]),
    {
      name: 'are the types wrong',
      after: ['pack'],
      run: () =>
        checkEach(packages, (each) =>
          run(tool('attw'), [tarball(each), '--profile', 'esm-only', '--no-emoji', '--no-color']),
        ),
    },
  ];
}
