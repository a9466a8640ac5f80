import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Tests read the workspace's packages from source, so that nothing needs building first. */
const conditions = ['intermodal:source', 'node', 'development|production'];

interface Manifest {
  readonly intermodal?: { readonly brokers?: readonly string[] };
}

function folders(): string[] {
  return ['packages', 'apps', 'tools'].flatMap((parent) =>
    readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${parent}/${entry.name}`),
  );
}

function project(name: string, root: string, include: string[]): TestProjectInlineConfiguration {
  return { extends: true, test: { name, root, include } };
}

/** A package that names brokers in its manifest needs them for `test/`, never for the tests beside its source. */
function projectsOf(folder: string): TestProjectInlineConfiguration[] {
  const name = folder.replace('packages/', '');
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;
  const beside = 'src/**/*.test.ts';
  const apart = 'test/**/*.test.ts';
  if (manifest.intermodal?.brokers === undefined) return [project(name, folder, [beside, apart])];
  const withBrokers = project(`${name}:broker`, folder, [apart]);
  // They mostly wait, so more of them run at once than there are cores, and after what needs these.
  const patience = { hookTimeout: 120_000, testTimeout: 120_000 };
  const waiting = { maxWorkers: 3, ...patience, sequence: { groupOrder: 1 } };
  const globalSetup = [resolve('tools/brokers/src/vitest-setup.ts')];
  return [
    project(name, folder, [beside]),
    { ...withBrokers, test: { ...withBrokers.test, ...waiting, globalSetup } },
  ];
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: folders().flatMap(projectsOf),
    passWithNoTests: true,
    testTimeout: 20_000,
    // A machine that does much else is no failure; what must be soon is said by the test.
    expect: { poll: { timeout: 10_000 } },
  },
});
