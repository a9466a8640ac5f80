import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryName, type Manifest, type Package } from '../packages.ts';

/** A package with this keyword is an adapter: the word by which one finds transports in a registry. */
const adapterKeyword = 'intermodal-transport';

export function isAdapter({ manifest }: Package): boolean {
  return manifest.keywords?.includes(adapterKeyword) ?? false;
}

const files = [
  'dist',
  '!dist/**/*.tsbuildinfo',
  'src',
  '!src/**/*.test.ts',
  'README.md',
  'CHANGELOG.md',
];

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Order counts: the first condition that fits is taken, so `types` stands first and `default` last. */
function expectedEntry(subpath: string): Readonly<Record<string, string>> {
  const name = entryName(subpath);
  return {
    types: `./dist/${name}.d.ts`,
    'intermodal:source': `./src/${name}.ts`,
    default: `./dist/${name}.js`,
  };
}

function* exportsProblems({ exports = {} }: Manifest): Generator<string> {
  const subpaths = Object.keys(exports);
  if (subpaths[0] !== '.') yield 'exports begins with "."';
  if (subpaths.at(-1) !== './package.json') yield 'exports ends with "./package.json"';
  for (const [subpath, entry] of Object.entries(exports)) {
    const expected = subpath === './package.json' ? subpath : expectedEntry(subpath);
    if (!same(entry, expected)) {
      yield `exports["${subpath}"] is ${JSON.stringify(entry)} and should be ${JSON.stringify(expected)}`;
    }
  }
}

function* dependencyProblems({ folder, manifest }: Package): Generator<string> {
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = manifest;
  const core = '@intermodal/core';
  if (folder === 'core') {
    if (Object.keys(dependencies).length > 0) yield 'core has no runtime dependency';
    if (Object.keys(peerDependencies).length > 0) yield 'core has no peer';
    return;
  }
  if (core in dependencies) yield 'core is a peer, not a dependency: two copies would not agree';
  if (peerDependencies[core] !== 'workspace:^')
    yield `peerDependencies["${core}"] is "workspace:^"`;
  if (devDependencies[core] !== 'workspace:^') yield `devDependencies["${core}"] is "workspace:^"`;
}

function* factProblems({ folder, manifest }: Package): Generator<string> {
  if (manifest.name !== `@intermodal/${folder}`) yield `name is "@intermodal/${folder}"`;
  if (manifest.license !== 'Apache-2.0') yield 'license is "Apache-2.0"';
  if (!manifest.description) yield 'description is missing';
  if (manifest.type !== 'module') yield 'type is "module"';
  if (manifest.sideEffects !== false) yield 'sideEffects is false';
  if (!same(manifest.files, files)) yield `files is ${JSON.stringify(files)}`;
  if (manifest.engines?.node !== '>=20.19.0') yield 'engines.node is ">=20.19.0"';
  if (manifest.publishConfig?.access !== 'public') yield 'publishConfig.access is "public"';
}

function* adapterProblems(folder: Package): Generator<string> {
  const has = (path: string): boolean => existsSync(join(folder.path, path));
  if (!isAdapter(folder)) {
    if (has('src/transport.ts')) yield `an adapter has the keyword "${adapterKeyword}"`;
    return;
  }
  for (const file of ['src/transport.ts', 'test/harness.ts'])
    if (!has(file)) yield `${file} is missing`;
  const tests = has('test') ? readdirSync(join(folder.path, 'test')) : [];
  const suites = tests.filter((file) => /^conformance.*\.test\.ts$/.test(file));
  if (suites.length === 0) yield 'test/conformance.test.ts is missing';
  for (const suite of suites) {
    const text = readFileSync(join(folder.path, 'test', suite), 'utf8');
    if (text.trimEnd().split('\n').length > 20) yield `test/${suite} is at most 20 lines`;
  }
}

/** What is wrong with the manifests, as sentences that begin with the package. */
export function manifestProblems(packages: readonly Package[]): readonly string[] {
  return packages.flatMap((folder) =>
    [
      ...factProblems(folder),
      ...exportsProblems(folder.manifest),
      ...dependencyProblems(folder),
      ...adapterProblems(folder),
    ].map((problem) => `packages/${folder.folder}: ${problem}`),
  );
}
