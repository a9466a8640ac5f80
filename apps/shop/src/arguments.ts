import { parseArgs } from 'node:util';
import { Refusal } from './refusal.ts';

export const usage = `Usage: pnpm demo [options]

  --transport <url>     where the messages go, also by a name that the page offers, such as fauxqs-fifo;
                        left out, what src/transport.ts says
  --orders <file.jsonl> your own orders, one JSON object a line; left out, the sample
  --state <dir>         keep a ledger there, and go on from it after a crash
  --patience <seconds>  how long nothing may happen before what is missing counts as lost
                        (60; 5 where the transport is not durable)
  --once                end with the totals as one line of JSON on standard output, without the page
  --swap <transport>    with --once: go over to it while orders are placed; may be given again
  --count <n>           with --once: that many orders of the sample's kind instead of a file
  --host <address>      what the page is served at (127.0.0.1)
  --port <n>            its port (4600; another one where that is taken)
  --help                this text
`;

export interface Arguments {
  readonly transport: string | undefined;
  readonly orders: string | undefined;
  readonly state: string | undefined;
  readonly patienceMs: number | undefined;
  readonly once: boolean;
  /** Of transports, in their order. */
  readonly swap: readonly string[];
  readonly count: number | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly help: boolean;
}

/** @throws Refusal */
export function parseArguments(args: readonly string[]): Arguments {
  // pnpm hands on the `--` that other package managers want before a script's own options.
  const values = parse(args[0] === '--' ? args.slice(1) : args);
  checkTogether(values);
  return {
    transport: values.transport,
    orders: values.orders,
    state: values.state,
    patienceMs: values.patience === undefined ? undefined : seconds(values.patience) * 1_000,
    once: values.once ?? false,
    swap: values.swap ?? [],
    count: whole('count', values.count, 10_000_000),
    host: values.host,
    port: whole('port', values.port, 65_535),
    help: values.help ?? false,
  };
}

interface Values {
  transport?: string;
  orders?: string;
  state?: string;
  patience?: string;
  once?: boolean;
  swap?: string[];
  count?: string;
  host?: string;
  port?: string;
  help?: boolean;
}

function checkTogether({ once, orders, state, swap, count }: Values): void {
  if (once !== true && (swap ?? count) !== undefined)
    throw new Refusal('--swap and --count go with --once: the page swaps by a click.');
  if (state !== undefined && swap !== undefined)
    throw new Refusal('--state keeps the ledger of one transport, so it does not go with --swap.');
  if (orders !== undefined && count !== undefined)
    throw new Refusal('--count makes orders, so it does not go with --orders.');
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        transport: { type: 'string' },
        orders: { type: 'string' },
        state: { type: 'string' },
        patience: { type: 'string' },
        once: { type: 'boolean' },
        swap: { type: 'string', multiple: true },
        count: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
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

function whole(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new Refusal(`--${option} takes a whole number up to ${most}, not '${text}'.`);
}
