import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fileProblem, Refusal } from './refusal.ts';
import { sampleOrders } from './sample-orders.ts';

export const sampleFile: string = fileURLToPath(new URL('../sample/orders.jsonl', import.meta.url));

/** A file of orders that can be read. */
export interface OrdersFile {
  /** Its bytes, from the beginning. @throws Refusal */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Tells one file from another. @throws Refusal */
  digest(): Promise<string>;
  close(): Promise<void>;
}

/** @throws Refusal where the file cannot be read */
export async function openOrdersFile(path: string): Promise<OrdersFile> {
  const refuse = (error: unknown): Refusal =>
    new Refusal(`The orders in '${path}' cannot be read: ${fileProblem(error)}.`, { cause: error });
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw refuse(error);
  }
  const kind = await file.stat();
  if (kind.isDirectory()) {
    await file.close();
    throw refuse(Object.assign(new Error('a folder'), { code: 'EISDIR' }));
  }

  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      // A pipe has no beginning to go back to.
      const from = kind.isFile() ? { start: 0 } : {};
      yield* file.createReadStream({ ...from, autoClose: false });
    } catch (error) {
      throw refuse(error);
    }
  }

  return {
    chunks,
    async digest() {
      if (!kind.isFile())
        throw new Refusal(
          `With --state the orders must be in a file that can be read again, not in '${path}'.`,
        );
      const hash = createHash('sha256');
      for await (const chunk of chunks()) hash.update(chunk);
      return `sha256:${hash.digest('hex')}`;
    },
    close: () => file.close(),
  };
}

/** Orders of the sample's kind, as many as asked for. */
export function madeOrders(count: number): OrdersFile {
  const lines = sampleOrders(count).map((order) => Buffer.from(`${JSON.stringify(order)}\n`));
  return {
    chunks: () => lines,
    digest: () => Promise.resolve(`sample:${count}`),
    close: () => Promise.resolve(),
  };
}
