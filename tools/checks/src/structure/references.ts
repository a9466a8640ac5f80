import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../places.ts';

interface Project {
  readonly references: readonly { readonly path: string }[];
}

/** A folder that the root project does not refer to would never be compiled, and so never be checked. */
export function referenceProblems(): readonly string[] {
  const project = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as Project;
  const referred = new Set(project.references.map(({ path }) => path));
  return ['packages', 'apps', 'tools']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')) && !referred.has(folder))
    .map((folder) => `tsconfig.json: references lacks { "path": "${folder}" }`);
}
