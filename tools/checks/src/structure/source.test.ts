import { expect, test } from 'vitest';
import { fileProblems } from './source.ts';

function problems(path: string, text: string): readonly string[] {
  return [...fileProblems(path, text)];
}

test('a file of 300 lines passes and one of 301 does not', () => {
  expect(problems('packages/a/src/b.ts', 'x\n'.repeat(300))).toEqual([]);
  expect(problems('packages/a/src/b.ts', 'x\n'.repeat(301))).toHaveLength(1);
  expect(problems('packages/a/src/b.test.ts', 'x\n'.repeat(301))).toEqual([]);
});

test.each(['utils', 'helpers', 'common', 'mapError'])('%s is no name for a file', (name) => {
  expect(problems(`packages/a/src/${name}.ts`, '')).toHaveLength(1);
  expect(problems(`packages/a/test/${name}.test.ts`, '')).toHaveLength(1);
});

test.each(['map-error.ts', 'amqp1.test.ts', 'vitest.config.ts'])('%s is one', (name) => {
  expect(problems(`packages/a/src/${name}`, '')).toEqual([]);
});

test('a path of one machine is found, a path of the project or a URL is not', () => {
  const place = ['', 'home', 'somebody', 'x'].join('/');
  expect(problems('README.md', `see ${place}`)).toHaveLength(1);
  expect(problems('README.md', `see https://example.org${place} and apps${place}`)).toEqual([]);
});
