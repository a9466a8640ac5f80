import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * Runs `work` while no other process holds the lock file at `path`.
 *
 * The lock of a process that died is taken over. Two processes that take over in the same instant
 * may, once in a blue moon, both get through: `work` must be right then too, only wasteful.
 *
 * @param waiting Called once, if somebody else holds the lock.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  waiting?: (holder: number) => void,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const release = await acquire(path, waiting);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(
  path: string,
  waiting?: (holder: number) => void,
): Promise<() => Promise<void>> {
  const ours = JSON.stringify(await identify(process.pid));
  // Linking a finished file is atomic, so that a lock is never seen without its holder.
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, ours);
  try {
    let told = false;
    for (;;) {
      if (await linked(draft, path)) return async () => rm(path, { force: true });
      const holder = await holderOf(path);
      if (holder && !told) {
        told = true;
        waiting?.(holder.pid);
      }
      await (holder ? wait(50) : undefined);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The living holder; a dead one's lock is moved out of the way. */
async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const holder = JSON.parse(text) as ProcessIdentity;
  if (await isAlive(holder)) return holder;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return undefined;
  }
  // Somebody else may have taken over since we read it: then it was a living lock that we moved.
  if ((await readFile(aside, 'utf8')) !== text) await linked(aside, path);
  await rm(aside, { force: true });
  return undefined;
}
