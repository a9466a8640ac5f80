import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  entryName,
  entryPoints,
  publishablePackages,
  specifier,
  type Package,
} from '@intermodal/checks/packages';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type IConfigFile,
} from '@microsoft/api-extractor';

// Compares the public API of the built packages with `packages/<name>/api/<entry>.api.md`; `--write` rewrites these.

const silent = { default: { logLevel: ExtractorLogLevel.None } };

/** A type that the API speaks of and nobody can name: to be seen by who reviews the report. */
const inReport = { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true };

function reportName(subpath: string): string {
  return `${entryName(subpath).replaceAll('/', '-')}.api.md`;
}

function configuration({ path }: Package, subpath: string, temporary: string): IConfigFile {
  return {
    projectFolder: path,
    mainEntryPointFilePath: join(path, 'dist', `${entryName(subpath)}.d.ts`),
    compiler: { tsconfigFilePath: join(path, 'tsconfig.build.json') },
    apiReport: {
      enabled: true,
      reportFolder: join(path, 'api'),
      reportTempFolder: temporary,
      reportFileName: reportName(subpath),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: { ...silent, 'ae-forgotten-export': inReport },
      tsdocMessageReporting: silent,
    },
  };
}

/** Makes the report of one entry point and tells what is wrong, if anything. */
function extract(each: Package, subpath: string, temporary: string, write: boolean): string[] {
  const config = ExtractorConfig.prepare({
    configObject: configuration(each, subpath, temporary),
    configObjectFullPath: undefined,
    packageJsonFullPath: join(each.path, 'package.json'),
  });
  if (write) mkdirSync(config.reportFolder, { recursive: true });
  const errors: string[] = [];
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: write,
    messageCallback(message) {
      if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.text);
      message.handled = true;
    },
  });
  const name = specifier(each.manifest, subpath);
  if (apiReportChanged && !write) {
    errors.push(`the public API has changed; if that is meant: pnpm api, and commit the report`);
  }
  return errors.map((error) => `${name}: ${error}`);
}

/** Reports of entry points that are no more. */
function orphans(each: Package, write: boolean): string[] {
  const folder = join(each.path, 'api');
  if (!existsSync(folder)) return [];
  const known = entryPoints(each.manifest).map(reportName);
  const extra = readdirSync(folder).filter((file) => !known.includes(file));
  if (write) for (const file of extra) rmSync(join(folder, file));
  return write ? [] : extra.map((file) => `${each.manifest.name}: api/${file} has no entry point`);
}

const write = process.argv.includes('--write');
const temporary = mkdtempSync(join(tmpdir(), 'intermodal-api-'));
try {
  const problems = publishablePackages().flatMap((each) => [
    ...entryPoints(each.manifest).flatMap((subpath) => extract(each, subpath, temporary, write)),
    ...orphans(each, write),
  ]);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
