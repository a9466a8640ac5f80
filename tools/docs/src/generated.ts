import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { publishablePackages } from '@intermodal/checks/packages';
import { root } from '@intermodal/checks/places';
import type { Capabilities } from '@intermodal/core';
import { defaults } from '../../../packages/core/src/defaults.ts';
import { permissionsTexts } from './permissions-text.ts';

// Compares the parts of the documentation that are made from code with the code; `--write` rewrites them.

type Row = readonly string[];

/** As the formatter writes tables: cells padded to the widest of their column. */
function table([head = [], ...rows]: readonly Row[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: Row): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

type Variants = readonly (readonly [name: string, capabilities: Capabilities])[];

/** The kinds of each transport there is, from `packages/<name>/test/variants.ts`. */
async function variants(): Promise<readonly Variants[]> {
  const found: Variants[] = [];
  for (const { path } of publishablePackages()) {
    const file = join(path, 'test/variants.ts');
    if (!existsSync(file)) continue;
    const module = (await import(pathToFileURL(file).href)) as {
      readonly variants: Readonly<Record<string, Capabilities>>;
    };
    found.push(Object.entries(module.variants));
  }
  return found;
}

const meanings: Readonly<Record<keyof Capabilities, string>> = {
  receive: 'can consume',
  groups: 'independent subscribers',
  members: 'members of a group: any number, or one, where a second is refused',
  order: 'what stays in order',
  isolation: 'what a failing key holds up',
  settle: 'settled per message, or by watermark',
  duplicates: 'repeats without a fault',
  durable: 'survives a broker restart',
  ackConfirmed: '`ack` resolves on the answer',
  attempts: 'who counts deliveries',
  release: 'giving back unstarted',
  retry: 'who redelivers',
  lease: 'leases that are renewed',
  delay: '`delayMs`',
  ttl: '`ttlMs`',
  priority: '`priority`',
  dedupe: '`dedupeId`',
  replay: '`from`, `position`',
  headers: 'where headers travel',
};

function shown(value: boolean | string | undefined): string {
  if (value === true) return 'yes';
  if (value === undefined) return 'any';
  return value === false || value === 'none' ? '–' : value;
}

/** As many transports beside each other as can be read, each with all of its kinds. */
const mostColumns = 7;

async function capabilityTables(): Promise<string> {
  const tables: Variants[] = [];
  for (const ofOne of await variants()) {
    const last = tables.at(-1);
    if (last === undefined || last.length + ofOne.length > mostColumns) tables.push(ofOne);
    else tables[tables.length - 1] = [...last, ...ofOne];
  }
  return tables.map(capabilityTable).join('\n\n');
}

function capabilityTable(found: Variants): string {
  const names = Object.keys(meanings) as (keyof Capabilities)[];
  return table([
    ['capability', 'means', ...found.map(([name]) => name)],
    ...names.map((name) => [
      `\`${name}\``,
      meanings[name],
      ...found.map(([, capabilities]) => shown(capabilities[name])),
    ]),
  ]);
}

const settings: Readonly<Record<keyof typeof defaults, readonly [where: string, unit: string]>> = {
  publishTimeoutMs: ['`createClient`, `publish` (`timeoutMs`)', 'ms'],
  maxPendingMessages: ['`createClient`', 'messages of one address'],
  maxPendingBytes: ['`createClient`', 'bytes of one address'],
  operationTimeoutMs: ['`createClient`', 'ms'],
  concurrency: ['`consume`, `receive`; `prefetch` is the same unless given', 'handlers'],
  maxAttempts: ['`consume` (`retry.maxAttempts`), `provision`', 'attempts'],
  retryFirstDelayMs: ['first step of the default `retry.delayMs`, then doubled, with jitter', 'ms'],
  retryMaxDelayMs: ['last step of the default `retry.delayMs`', 'ms'],
  localRetryMaxMs: ['`consume`', 'ms'],
  checkpointMs: ['`consume`, logs', 'ms'],
  unsettledWarningMs: ['`consume`', 'ms'],
  batchWaitMs: ['`consumeBatch` (`waitMs`)', 'ms'],
  stopDeadlineMs: ['`stop`, `close` (`deadlineMs`)', 'ms'],
};

function defaultsTable(): string {
  return table([
    ['default', 'value', 'unit', 'set by'],
    ...(Object.keys(settings) as (keyof typeof defaults)[]).map((name) => [
      `\`${name}\``,
      defaults[name].toLocaleString('en'),
      settings[name][1],
      settings[name][0],
    ]),
  ]);
}

const blocks: readonly {
  readonly file: string;
  readonly name: string;
  readonly make: () => string | Promise<string>;
}[] = [
  { file: 'README.md', name: 'capabilities', make: capabilityTables },
  { file: 'docs/defaults.md', name: 'defaults', make: defaultsTable },
  ...Object.entries(permissionsTexts).map(([folder, text]) => ({
    file: `packages/${folder}/README.md`,
    name: 'permissions',
    make: () => text,
  })),
];

let stale = 0;
for (const { file, name, make } of blocks) {
  const path = join(root, file);
  const before = readFileSync(path, 'utf8');
  const pattern = new RegExp(`(<!-- ${name}:begin -->\n\n)[\\s\\S]*?(\n\n<!-- ${name}:end -->)`);
  if (!pattern.test(before)) throw new Error(`${file} has no place for '${name}'`);
  const made = await make();
  const after = before.replace(pattern, (_, begin: string, end: string) => `${begin}${made}${end}`);
  if (after === before) continue;
  if (process.argv.includes('--write')) writeFileSync(path, after);
  else {
    stale += 1;
    process.stderr.write(
      `${relative(root, path)}: '${name}' is not what the code says; run pnpm tables\n`,
    );
  }
}
process.exitCode = stale > 0 ? 1 : 0;
