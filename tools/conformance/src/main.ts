import { existsSync, readdirSync } from 'node:fs';
import { type Harness, runCommand } from '@intermodal/conformance';

/** A package whose tests have a `harness.ts` is a transport: adding one adds no line here. */
async function discover(): Promise<readonly Harness[]> {
  const packages = new URL('../../../packages/', import.meta.url);
  const found: Harness[] = [];
  for (const name of readdirSync(packages).sort()) {
    const file = new URL(`${name}/test/harness.ts`, packages);
    if (!existsSync(file)) continue;
    const { harnesses } = (await import(file.href)) as { harnesses: readonly Harness[] };
    found.push(...harnesses);
  }
  return found;
}

process.exitCode = await runCommand(process.argv.slice(2), await discover(), {
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
});
