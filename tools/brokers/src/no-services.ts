import { access, rm, writeFile } from 'node:fs/promises';

const policy = '/usr/sbin/policy-rc.d';

/**
 * Keeps Debian packages that are installed by `work` from starting their services, which would listen
 * on every interface and on the usual ports.
 *
 * @see https://www.debian.org/doc/debian-policy/ch-opersys.html about `invoke-rc.d`
 */
export async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  if (await hasPolicy()) return work();
  // Should this process die, what it leaves behind forbids nothing any more.
  const script = `#!/bin/sh\n[ -d /proc/${process.pid} ] && exit 101\nexit 0\n`;
  await writeFile(policy, script, { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(policy, { force: true });
  }
}

async function hasPolicy(): Promise<boolean> {
  try {
    await access(policy);
    return true;
  } catch {
    return false;
  }
}
