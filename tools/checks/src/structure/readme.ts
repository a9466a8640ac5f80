import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from '../packages.ts';
import { isAdapter } from './manifest.ts';

const adapterSections = [
  'Install',
  'Ten lines',
  'Options',
  'Delivery',
  'Words',
  'Errors',
  'Permissions',
  'Reaching the client',
];

interface Section {
  readonly title: string;
  readonly body: string;
}

/** The second-level sections of a page; a heading in a code block is none. */
export function sectionsOf(markdown: string): readonly Section[] {
  const withoutCode = markdown.replaceAll(/^```[^\n]*\n[\s\S]*?^```/gm, (block) =>
    block.replaceAll(/^#/gm, ' '),
  );
  return withoutCode
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [title = '', ...body] = text.split('\n');
      return { title: title.trim(), body: body.join('\n').trim() };
    });
}

/** What is wrong with one page, given the sections that it must have in this order. */
export function* pageProblems(
  markdown: string,
  name: string,
  required: readonly string[],
): Generator<string> {
  if (!markdown.startsWith(`# ${name}\n`)) yield `begins with "# ${name}"`;
  const sections = sectionsOf(markdown);
  const order = sections.map(({ title }) => title).filter((title) => required.includes(title));
  if (order.join() !== required.join()) {
    yield `has the sections ${required.join(' · ')} in this order, and now ${order.join(' · ') || 'none'}`;
  }
  for (const { title, body } of sections) if (body === '') yield `section "${title}" is empty`;
}

/** What is wrong with the READMEs, as sentences that begin with the file. */
export function readmeProblems(packages: readonly Package[]): readonly string[] {
  return packages.flatMap((folder) => {
    const file = join(folder.path, 'README.md');
    const name = `packages/${folder.folder}/README.md`;
    if (!existsSync(file)) return [`${name} is missing`];
    const required = isAdapter(folder) ? adapterSections : ['Install'];
    const problems = pageProblems(readFileSync(file, 'utf8'), folder.manifest.name, required);
    return [...problems].map((problem) => `${name} ${problem}`);
  });
}
