import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One process, not to be confused with a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in a form that only compares. */
  readonly started: string;
}

/** The identity of a living process, or nothing when no process has that number. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await startedOnLinux(pid) : await startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether this very process still lives; a zombie does not. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/** Sends a signal to this very process; resolves to whether there was one to send it to. */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Asks the process to end, and after `graceMs` makes it; resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, graceMs = 10_000): Promise<void> {
  // A stopped process would take no notice of SIGTERM.
  await signalProcess(identity, 'SIGCONT');
  if (!(await signalProcess(identity, 'SIGTERM'))) return;
  if (await isGoneWithin(identity, graceMs)) return;
  await killProcess(identity);
}

/** Ends the process without asking; resolves when it is gone. */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  if (!(await signalProcess(identity, 'SIGKILL'))) return;
  if (await isGoneWithin(identity, 10_000)) return;
  throw new Error(`process ${identity.pid} is still there 10 s after SIGKILL`);
}

async function isGoneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (await isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await wait(20);
  }
  return true;
}

let bootId: string | undefined;

async function startedOnLinux(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may itself hold spaces and brackets.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'X') return undefined;
    // Killed, but its other threads still end, and its sockets with the last of them.
    if (state === 'Z' && (await readdir(`/proc/${pid}/task`)).length <= 1) return undefined;
    bootId ??= (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return `${bootId}:${fields[18]}`;
  } catch {
    return undefined;
  }
}

async function startedByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [state, ...started] = stdout.trim().split(/\s+/);
    return state?.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}
