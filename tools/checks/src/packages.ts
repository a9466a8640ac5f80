import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places.ts';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly description?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string };
}

export interface Package {
  /** Name of its folder, which is its name without the scope. */
  readonly folder: string;
  /** Absolute path. */
  readonly path: string;
  readonly manifest: Manifest;
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

/** Every package that is published: found, never listed, so that a new one cannot be forgotten. */
export function publishablePackages(workspace: string = root): readonly Package[] {
  const parent = join(workspace, 'packages');
  return readdirSync(parent)
    .filter((folder) => existsSync(join(parent, folder, 'package.json')))
    .map((folder) => {
      const path = join(parent, folder);
      return { folder, path, manifest: readManifest(join(path, 'package.json')) };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

/** The subpaths that hold code, such as `.` and `./testing`. */
export function entryPoints({ exports = {} }: Manifest): readonly string[] {
  return Object.keys(exports).filter((subpath) => subpath !== './package.json');
}

/** `.` is `index`, `./testing` is `testing`. */
export function entryName(subpath: string): string {
  return subpath === '.' ? 'index' : subpath.slice('./'.length);
}

/** What a user writes to import an entry point. */
export function specifier(manifest: Manifest, subpath: string): string {
  return manifest.name + subpath.slice(1);
}
