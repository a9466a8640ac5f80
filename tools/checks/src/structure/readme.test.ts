import { expect, test } from 'vitest';
import { pageProblems, sectionsOf } from './readme.ts';

const page = '# @intermodal/a\n\nWords.\n\n## Install\n\nnpm\n\n## Errors\n\nnone\n';

test('a page in order has no problem', () => {
  expect([...pageProblems(page, '@intermodal/a', ['Install', 'Errors'])]).toEqual([]);
});

test('a missing, misplaced or empty section is one', () => {
  expect([...pageProblems(page, '@intermodal/a', ['Install', 'Options'])]).toHaveLength(1);
  expect([...pageProblems(page, '@intermodal/a', ['Errors', 'Install'])]).toHaveLength(1);
  const empty = page.replace('npm', '');
  expect([...pageProblems(empty, '@intermodal/a', ['Install'])]).toEqual([
    'section "Install" is empty',
  ]);
});

test('another title is one', () => {
  expect([...pageProblems(page, '@intermodal/b', ['Install'])]).toHaveLength(1);
});

test('what looks like a heading in a code block is none', () => {
  const titles = sectionsOf('## A\n\n```sh\n## not this\n```\n\n## B\n\nb').map(
    ({ title }) => title,
  );
  expect(titles).toEqual(['A', 'B']);
});
