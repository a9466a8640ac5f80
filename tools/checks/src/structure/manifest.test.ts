import { expect, test } from 'vitest';
import type { Manifest, Package } from '../packages.ts';
import { manifestProblems } from './manifest.ts';

const good: Manifest = {
  name: '@intermodal/a',
  version: '0.0.0',
  description: 'One',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  files: [
    'dist',
    '!dist/**/*.tsbuildinfo',
    'src',
    '!src/**/*.test.ts',
    'README.md',
    'CHANGELOG.md',
  ],
  engines: { node: '>=20.19.0' },
  publishConfig: { access: 'public' },
  exports: {
    '.': {
      types: './dist/index.d.ts',
      'intermodal:source': './src/index.ts',
      default: './dist/index.js',
    },
    './package.json': './package.json',
  },
  devDependencies: { '@intermodal/core': 'workspace:^' },
  peerDependencies: { '@intermodal/core': 'workspace:^' },
};

function problems(change: Partial<Manifest>): readonly string[] {
  const each: Package = { folder: 'a', path: 'nowhere', manifest: { ...good, ...change } };
  return manifestProblems([each]);
}

test('a manifest that keeps every rule passes', () => {
  expect(problems({})).toEqual([]);
});

test.each<[string, Partial<Manifest>]>([
  ['name', { name: '@intermodal/b' }],
  ['license', { license: 'MIT' }],
  ['type', { type: 'commonjs' }],
  ['side effects', { sideEffects: true }],
  ['files', { files: ['dist'] }],
  ['engines', { engines: { node: '>=18' } }],
  ['access', { publishConfig: {} }],
  ['core as a dependency', { dependencies: { '@intermodal/core': 'workspace:^' } }],
  ['core not a peer', { peerDependencies: {} }],
  ['core not at hand for development', { devDependencies: {} }],
])('%s: one problem', (_, change) => {
  expect(problems(change)).toHaveLength(1);
});

test('conditions in another order are a problem', () => {
  const index = good.exports?.['.'];
  const reversed = Object.fromEntries(Object.entries(index ?? {}).toReversed());
  const exports = { '.': reversed, './package.json': './package.json' };
  expect(problems({ exports })).toHaveLength(1);
});

test('an adapter has its files', () => {
  expect(problems({ keywords: ['intermodal-transport'] })).toHaveLength(3);
});
