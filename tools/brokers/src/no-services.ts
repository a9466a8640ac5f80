import { rm, writeFile } from 'node:fs/promises';
import { isThere } from './is-there.ts';

/**
 * Keeps Debian packages that are installed by `work` from starting their services, which would listen
 * on every interface and on the usual ports.
 *
 * @see https://www.debian.org/doc/debian-policy/ch-opersys.html about `invoke-rc.d`
 */
export async function withoutServices<T>(
  work: () => Promise<T>,
  policy = '/usr/sbin/policy-rc.d',
): Promise<T> {
  if (await isThere(policy)) return work();
  // Should this process die, what it leaves behind forbids nothing any more.
  const script = `#!/bin/sh\n[ -d /proc/${process.pid} ] && exit 101\nexit 0\n`;
  await writeFile(policy, script, { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(policy, { force: true });
  }
}
