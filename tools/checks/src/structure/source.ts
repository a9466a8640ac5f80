import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { root } from '../places.ts';
import { run } from '../process.ts';

const maxLines = 300;
const vagueNames = /^(?:utils?|helpers?|common|misc|shared)$/;
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/;
const machinePath = /(?<![\w.~}\]-])\/(?:work|root|home\/\w+|Users\/\w+)\//;

/** Files whose text is not ours to word. */
const foreign = /(?:^|\/)(?:LICENSE|pnpm-lock\.yaml|package-lock\.json)$/;
const textual = /\.(?:ts|mjs|cjs|js|json|md|yaml|yml|sh|html|css)$|(?:^|\/)\.ci\/run$/;

function isSource(path: string): boolean {
  return extname(path) === '.ts' && !path.endsWith('.test.ts') && /\/src\//.test(path);
}

/** What is wrong with a file, given its path from the root. */
export function* fileProblems(path: string, text: string): Generator<string> {
  const name = basename(path).replace(/(?:\.test-d|\.test|\.d)?\.[cm]?ts$/, '');
  if (/\.[cm]?ts$/.test(path)) {
    if (vagueNames.test(name)) yield `is named "${name}", which says nothing of its role`;
    if (!kebabCase.test(name)) yield 'is not in kebab-case';
  }
  const lines = text.trimEnd().split('\n');
  if (isSource(path) && lines.length > maxLines)
    yield `has ${lines.length} lines, over ${maxLines}`;
  for (const [index, line] of lines.entries()) {
    if (machinePath.test(line)) yield `line ${index + 1} holds a path of one machine`;
  }
}

/** What is wrong with the files that are, or would be, committed. */
export async function sourceProblems(): Promise<readonly string[]> {
  const listing = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  return listing
    .split('\n')
    .filter((path) => textual.test(path) && !foreign.test(path) && existsSync(join(root, path)))
    .flatMap((path) => {
      const problems = fileProblems(path, readFileSync(join(root, path), 'utf8'));
      return [...problems].map((problem) => `${path} ${problem}`);
    });
}
