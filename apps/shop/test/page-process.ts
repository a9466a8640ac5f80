import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The page in a process of its own, as `pnpm demo` starts it. */
export interface PageProcess extends AsyncDisposable {
  readonly url: string;
  /** Ends it as Ctrl-C does. Resolves with its exit code. */
  stop(): Promise<number | null>;
}

export async function startPage(
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<PageProcess> {
  const options = ['--disable-warning=ExperimentalWarning', '--conditions=intermodal:source'];
  const child = spawn(process.execPath, [...options, main, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const url = await Promise.race([
    urlIn(createInterface(child.stdout)),
    ended.then(() => undefined),
  ]);
  if (url === undefined) throw new Error('the shop ended before its page was there');

  async function stop(): Promise<number | null> {
    if (child.exitCode === null) child.kill('SIGINT');
    const [code] = await ended;
    return code;
  }

  return {
    url,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

async function urlIn(lines: AsyncIterable<string>): Promise<string | undefined> {
  for await (const line of lines) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  return undefined;
}
