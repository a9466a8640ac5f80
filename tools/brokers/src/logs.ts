import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from './folders.ts';

const keptPerBroker = 20;
let logsOpened = 0;

/** A new log file for a broker; the oldest of its earlier ones go. */
export async function newLogFile(broker: string): Promise<string> {
  const folder = join(runFolder(), 'logs');
  await mkdir(folder, { recursive: true });
  const earlier = (await readdir(folder)).filter((file) => file.startsWith(`${broker}.`)).sort();
  const surplus = earlier.slice(0, Math.max(0, earlier.length - keptPerBroker + 1));
  await Promise.all(surplus.map((file) => rm(join(folder, file), { force: true })));
  logsOpened += 1;
  const at = new Date().toISOString().replaceAll(':', '-');
  return join(folder, `${broker}.${at}.${process.pid}-${logsOpened}.log`);
}

/** The last lines of a log, for an error message. */
export async function logTail(file: string, lines = 15): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
