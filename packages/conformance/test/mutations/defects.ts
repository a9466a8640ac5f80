import type { Rule } from '../../src/index.ts';
import { consumeDefects } from './core-consume.ts';
import { publishDefects } from './core-publish.ts';
import type { Defect } from './defect.ts';
import { environmentDefects } from './environments.ts';
import { driverDefects } from './drivers.ts';

export const defects: readonly Defect[] = [
  ...publishDefects,
  ...consumeDefects,
  ...driverDefects,
  ...environmentDefects,
];

/** Rules for which no defect is injected, and why. */
export const without: Readonly<Partial<Record<Rule, string>>> = {};
