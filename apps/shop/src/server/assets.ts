import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** What the page consists of, by path. */
export interface Assets {
  readonly files: ReadonlyMap<string, Asset>;
  /** Of the one inline script of the page, its import map, for the content security policy. */
  readonly scriptHash: string;
}

const folder = new URL('../../page/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Reads the page once; its TypeScript is served with the types erased, so that nothing is built. */
export async function loadAssets(): Promise<Assets> {
  const files = new Map<string, Asset>();
  for (const name of await readdir(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const text = await readFile(new URL(name, folder), 'utf8');
    const path = name === 'index.html' ? '/' : `/page/${name}`;
    files.set(path, { type, text: name.endsWith('.ts') ? stripTypeScriptTypes(text) : text });
  }
  const chart = new URL('./', import.meta.resolve('uplot'));
  for (const [path, name] of [
    ['/page/uplot.js', 'uPlot.esm.js'],
    ['/page/uplot.css', 'uPlot.min.css'],
  ] as const) {
    const text = await readFile(fileURLToPath(new URL(name, chart)), 'utf8');
    files.set(path, { type: types[extname(path)] ?? '', text });
  }
  const page = files.get('/')?.text ?? '';
  const [, map = ''] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page) ?? [];
  const hash = createHash('sha256').update(map).digest('base64');
  return { files, scriptHash: `'sha256-${hash}'` };
}
