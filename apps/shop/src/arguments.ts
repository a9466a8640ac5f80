import { parseArgs } from 'node:util';
import { Refusal } from './refusal.ts';

export const usage = `Usage: pnpm demo [options]

  --transport <url>     where the messages go; left out, what src/transport.ts says
  --orders <file.jsonl> your own orders, one JSON object a line; left out, the sample
  --state <dir>         keep a ledger there, and go on from it after a crash
  --patience <seconds>  how long nothing may happen before what is missing counts as lost
                        (60; 5 where the transport is not durable)
  --once                end with the totals as one line of JSON on standard output
  --help                this text
`;

export interface Arguments {
  readonly transport: string | undefined;
  readonly orders: string | undefined;
  readonly state: string | undefined;
  readonly patienceMs: number | undefined;
  readonly once: boolean;
  readonly help: boolean;
}

/** @throws Refusal */
export function parseArguments(args: readonly string[]): Arguments {
  // pnpm hands on the `--` that other package managers want before a script's own options.
  const values = parse(args[0] === '--' ? args.slice(1) : args);
  return {
    transport: values.transport,
    orders: values.orders,
    state: values.state,
    patienceMs: values.patience === undefined ? undefined : seconds(values.patience) * 1_000,
    once: values.once ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]): {
  transport?: string;
  orders?: string;
  state?: string;
  patience?: string;
  once?: boolean;
  help?: boolean;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        transport: { type: 'string' },
        orders: { type: 'string' },
        state: { type: 'string' },
        patience: { type: 'string' },
        once: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${complaint(error)}: --help lists the options.`, { cause: error });
  }
}

/** The parser's own messages go on about what someone may have meant. */
function complaint(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const [option = 'an option'] = /--[a-z]+/.exec(message) ?? [];
  if (code !== 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return message.split('. ', 1).join();
  return message.includes('does not take') ? `${option} takes no value` : `${option} needs a value`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new Refusal(`--patience takes a number of seconds above 0, not '${text}'.`);
}
