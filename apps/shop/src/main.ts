import { IntermodalError } from '@intermodal/core';
import { parseArguments, usage } from './arguments.ts';
import { demo } from './demo.ts';
import { servePage } from './page.ts';
import { Refusal } from './refusal.ts';

/** 0 all went through · 1 something did not · 2 it cannot be done as it was asked for · 130 stopped from outside */
async function main(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.help) {
    process.stdout.write(usage);
    return 0;
  }
  const streams = { output: process.stdout, error: process.stderr };
  return parsed.once || parsed.state !== undefined
    ? demo(parsed, streams)
    : servePage(parsed, streams);
}

function problem(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof Refusal) return { text: error.message, exitCode: 2 };
  if (IntermodalError.is(error))
    return { text: `The shop cannot start: ${error.message}.`, exitCode: 1 };
  return {
    text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exitCode: 1,
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { text, exitCode } = problem(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
