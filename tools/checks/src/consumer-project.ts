import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryPoints, specifier, type Package } from './packages.ts';
import { tarballOf } from './packing.ts';
import { root } from './places.ts';
import { run } from './process.ts';

export interface Release {
  /** Such as `20.19`. */
  readonly name: string;
  readonly path: string;
}

const nodes = join(root, 'tools/checks/nodes');

/** The binaries come from npm for Linux x64 alone; elsewhere the Node at hand is all there is to try. */
export const hasReleases: boolean = process.platform === 'linux' && process.arch === 'x64';

/** Installs the Node releases once; they are kept for the next run. */
export async function prepareReleases(): Promise<void> {
  if (!hasReleases) return;
  const installed = join(nodes, 'node_modules/.package-lock.json');
  const wanted = join(nodes, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(wanted).mtimeMs) return;
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: nodes });
}

export function releases(): readonly Release[] {
  const own = { name: process.versions.node, path: process.execPath };
  if (!hasReleases) return [own];
  const others = ['20.19', '22', '26'].map((name) => ({
    name,
    path: join(nodes, 'node_modules', `node-${name}`, 'bin/node'),
  }));
  return [...others, own];
}

function allSpecifiers(packages: readonly Package[]): readonly string[] {
  return packages.flatMap(({ manifest }) =>
    entryPoints(manifest).map((subpath) => specifier(manifest, subpath)),
  );
}

/** Each entry point must give at least one name, and leave nothing open that keeps the process alive. */
function importScript(specifiers: readonly string[]): string {
  return specifiers
    .map((name) => `await load(${JSON.stringify(name)}, () => import(${JSON.stringify(name)}));`)
    .join('\n')
    .replace(
      /^/,
      `async function load(name, open) {
  try {
    if (Object.keys(await open()).length === 0) throw new Error('exports nothing');
  } catch (error) {
    console.error(name, error);
    process.exitCode = 1;
  }
}
`,
    );
}

function requireScript(specifiers: readonly string[]): string {
  return `for (const name of ${JSON.stringify(specifiers)}) {
  try {
    if (Object.keys(require(name)).length === 0) throw new Error('exports nothing');
  } catch (error) {
    console.error(name, error);
    process.exitCode = 1;
  }
}
`;
}

function typeScript(specifiers: readonly string[]): string {
  return specifiers
    .map((name, index) => `export * as entry${index} from ${JSON.stringify(name)};\n`)
    .join('');
}

function compilerOptions(types: readonly string[]): object {
  return {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022'],
      types,
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files: ['consumer.mts', 'consumer.cts'],
  };
}

/** Makes, in an empty folder, the project of a user who installs every package and opens each entry point. */
export async function createConsumer(
  folder: string,
  packages: readonly Package[],
  tarballs: string,
): Promise<void> {
  const specifiers = allSpecifiers(packages);
  const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const nodeTypes = /'@types\/node': (\S+)/.exec(catalog)?.[1] ?? '*';
  const write = (name: string, content: string | object): void => {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(join(folder, name), text);
  };
  write('package.json', { private: true });
  write('import.mjs', importScript(specifiers));
  write('require.cjs', requireScript(specifiers));
  write('consumer.mts', typeScript(specifiers));
  write('consumer.cts', typeScript(specifiers));
  write('tsconfig.json', compilerOptions(['node']));
  const files = packages.map((each) => `file:${tarballOf(each, tarballs)}`);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  const args = ['install', ...quiet, ...files, `@types/node@${nodeTypes}`];
  await run('npm', args, { cwd: folder });
}
