import type { z } from 'zod';
import { Order } from './order.ts';
import { textLines } from './text-lines.ts';

/** What a line of the file is; `sequence` counts the orders of one customer. */
export type OrderLine =
  | { readonly line: number; readonly order: Order; readonly sequence: number }
  | { readonly line: number; readonly order?: undefined; readonly reason: string };

/** Reads JSON lines. A blank line is nothing; every other line is an order or has a reason why not. */
export async function* readOrders(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<OrderLine> {
  const lineOf = new Map<string, number>();
  const ordersOf = new Map<string, number>();
  for await (const read of textLines(chunks)) {
    const { number: line } = read;
    if (read.text?.trim() === '') continue;
    const parsed = read.text === undefined ? { reason: read.reason } : parseOrder(read.text);
    if (parsed.order === undefined) {
      yield { line, reason: parsed.reason };
      continue;
    }
    const { order } = parsed;
    const before = lineOf.get(order.orderId);
    if (before !== undefined) {
      yield { line, reason: `orderId: the order is on line ${before} already` };
      continue;
    }
    lineOf.set(order.orderId, line);
    const sequence = (ordersOf.get(order.customerId) ?? 0) + 1;
    ordersOf.set(order.customerId, sequence);
    yield { line, order, sequence };
  }
}

type Parsed =
  | { readonly order: Order; readonly reason?: undefined }
  | { readonly order?: undefined; readonly reason: string };

function parseOrder(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: `not valid JSON${placeOf(error)}` };
  }
  const result = Order.safeParse(value);
  return result.success ? { order: result.data } : { reason: describe(result.error) };
}

/** The parser's own message quotes the line, which may be private; where it stopped is enough. */
function placeOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('end of JSON')) return ': it ends too early';
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : ` at column ${Number(position) + 1}`;
}

function describe({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => {
      const place = path.length === 0 ? 'the line' : path.map(String).join('.');
      // Standard wording of the schema library, which is longer than a line of a list wants.
      const what = message.replace(/^Invalid input: /, '');
      return what.endsWith('received undefined') ? `${place} is missing` : `${place}: ${what}`;
    })
    .join('; ');
}
