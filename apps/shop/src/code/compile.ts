import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Offer } from '../offers/offer.ts';
import { programOf } from './program.ts';

/** What the compiler says of a line of the program. */
export interface Complaint {
  /** Index of the line. */
  readonly line: number;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const scratch = fileURLToPath(new URL('../../.cache/code/', import.meta.url));
const options =
  '--noEmit --ignoreConfig --pretty false --strict --module nodenext --target es2023 --lib es2023,es2024.string,esnext.disposable --types node --customConditions intermodal:source --allowImportingTsExtensions --skipLibCheck';

/** Compiles the program once for each offer. What the compiler says, by the id of the offer. */
export async function compile(
  offers: readonly Offer[],
): Promise<Readonly<Record<string, readonly Complaint[]>>> {
  await mkdir(scratch, { recursive: true });
  for (const { id, code } of offers)
    await writeFile(join(scratch, `${id}.ts`), `${programOf(code).lines.join('\n')}\n`);
  const said = await compilerSays(offers.map(({ id }) => `${id}.ts`));
  return Object.fromEntries(offers.map(({ id }) => [id, complaintsOf(`${id}.ts`, said)]));
}

function compilerSays(files: readonly string[]): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, ...options.split(' '), ...files],
      { cwd: scratch },
      (_, output, error) => {
        resolve(`${output}${error}`);
      },
    );
  });
}

/** Of one file; the lines that an error goes on with are indented. */
function complaintsOf(file: string, said: string): readonly Complaint[] {
  const found: { line: number; text: string }[] = [];
  let isOurs = false;
  for (const text of said.split('\n')) {
    const [, name, line, rest = ''] = /^(\S+)\((\d+),\d+\): error (.*)$/.exec(text) ?? [];
    const last = found.at(-1);
    if (name !== undefined) {
      isOurs = name === file;
      if (isOurs) found.push({ line: Number(line) - 1, text: rest });
    } else if (isOurs && last !== undefined && text.startsWith(' ')) last.text += `\n${text}`;
  }
  return found;
}
