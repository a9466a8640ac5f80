import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { cases, type Rule, rules } from '../src/index.ts';
import { defects, without } from './mutations/defects.ts';
import type { DefectReport } from './mutations/run.ts';
import { pageOf } from './mutations/table.ts';

const longestDefectMs = 120_000;
const reports: DefectReport[] = [];

/** In a process of its own, which is ended when a defect keeps it busy for ever. */
function runAll(): Promise<void> {
  const script = fileURLToPath(new URL('mutations/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=intermodal:source', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve) => {
    const giveUp = (): void => {
      child.kill('SIGKILL');
    };
    let stuck = setTimeout(giveUp, longestDefectMs);
    createInterface({ input: child.stdout }).on('line', (line) => {
      clearTimeout(stuck);
      stuck = setTimeout(giveUp, longestDefectMs);
      reports.push(JSON.parse(line) as DefectReport);
    });
    child.once('close', () => {
      clearTimeout(stuck);
      resolve();
    });
  });
}

beforeAll(runAll, 600_000);

describe('a defect on purpose', () => {
  for (const { rule, name } of defects) {
    it(`${rule} · ${name}: is caught`, () => {
      const report = reports.find((each) => each.defect === name && each.rule === rule);
      expect(report).toBeDefined();
      expect(report?.trouble).toBeUndefined();
      expect(report?.caughtBy).not.toEqual([]);
    });
  }

  it('is there for every rule, or a reason why not', () => {
    const broken = new Set(defects.map((defect) => defect.rule));
    const all = Object.keys(rules) as Rule[];
    const neither = all.filter((rule) => !broken.has(rule) && without[rule] === undefined);
    expect(neither).toEqual([]);
    expect(all.filter((rule) => broken.has(rule) && without[rule] !== undefined)).toEqual([]);
  });

  it('stands in the page that `pnpm mutations` makes', () => {
    const page = readFileSync(new URL('../../../docs/mutations.md', import.meta.url), 'utf8');
    expect(page).toBe(pageOf(reports));
  });
});

describe('the cases', () => {
  it('have names of their own', () => {
    const names = cases.map((one) => one.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('are there for every rule', () => {
    const covered = new Set(cases.flatMap((one) => one.rules));
    expect((Object.keys(rules) as Rule[]).filter((rule) => !covered.has(rule))).toEqual([]);
  });
});
