import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Life } from '@intermodal/aws';
import {
  type Clock,
  IntermodalError,
  type Settlement,
  type SettleOutcome,
  type Token,
} from '@intermodal/core/driver';
import { mapEntryError, mapError } from './map-error.ts';
import type { QueueAt } from './queues.ts';

/** What a token stands for. */
export interface Receipt {
  /** Who received it: a token of any other receiver settles nothing. */
  readonly owner: object;
  readonly handle: string;
  /** When the twelve hours since its receipt are over, and no lease can be had any more. On the consumer's clock. */
  readonly endsAt: number;
}

export interface SettlementOptions {
  readonly client: SQSClient;
  readonly queue: QueueAt;
  readonly owner: object;
  readonly clock: Clock;
  readonly life: Life;
  /** No extension makes a lease shorter than this. */
  readonly leaseSeconds: number;
}

export type ExtendOutcome = SettleOutcome | { readonly leaseUntil: number };

/** Deletes and visibility changes in as few requests as possible, with an outcome for each entry. */
export interface Settling {
  settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]>;
  extend(
    tokens: readonly Token[],
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<readonly ExtendOutcome[]>;
}

interface Work {
  /** Its place in the batch that core gave. */
  readonly index: number;
  readonly handle: string;
  readonly visibilitySeconds: number;
}

interface BatchOutput {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

type Request = (works: readonly Work[], signal: AbortSignal) => Promise<BatchOutput>;

const maxEntries = 10;

export function createSettling(options: SettlementOptions): Settling {
  const { client, queue, clock, life } = options;

  const remove: Request = (works, abortSignal) => {
    const Entries = works.map(({ handle }, id) => ({ Id: String(id), ReceiptHandle: handle }));
    return client.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }), {
      abortSignal,
    });
  };

  const change: Request = (works, abortSignal) => {
    const Entries = works.map(({ handle, visibilitySeconds }, id) => ({
      Id: String(id),
      ReceiptHandle: handle,
      VisibilityTimeout: visibilitySeconds,
    }));
    return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }), {
      abortSignal,
    });
  };

  function receiptOf(token: Token): Receipt | undefined {
    const receipt = token.value as Receipt;
    return receipt.owner === options.owner ? receipt : undefined;
  }

  /** SQS refuses what would go over the twelve hours instead of granting what is left. */
  function within(receipt: Receipt, wantedMs: number): number {
    const leftSeconds = Math.floor((receipt.endsAt - clock.now()) / 1_000);
    return Math.max(0, Math.min(Math.ceil(wantedMs / 1_000), leftSeconds));
  }

  async function run(
    request: Request,
    works: readonly Work[],
    outcomes: ExtendOutcome[],
    signal: AbortSignal,
  ): Promise<void> {
    // One after another: on FIFO queues the order of core's batch is the order in which messages come back.
    for (let from = 0; from < works.length; from += maxEntries) {
      const chunk = works.slice(from, from + maxEntries);
      const answers = await answersOf(request, chunk, signal);
      chunk.forEach(({ index }, at) => {
        outcomes[index] = answers[at] ?? unanswered();
      });
    }
  }

  async function answersOf(
    request: Request,
    works: readonly Work[],
    signal: AbortSignal,
  ): Promise<SettleOutcome[]> {
    try {
      const output = await request(works, signal);
      const answers: SettleOutcome[] = [];
      for (const { Id } of output.Successful ?? []) answers[Number(Id)] = 'done';
      for (const entry of output.Failed ?? [])
        answers[Number(entry.Id)] = outcomeOf(mapEntryError(entry, queue.place).error);
      return answers;
    } catch (cause) {
      const { error } = mapError(cause, queue.place);
      life.report(error);
      return works.map(() => outcomeOf(error));
    }
  }

  function outcomeOf(error: IntermodalError): SettleOutcome {
    return error.code === 'lease-lost' ? 'lost' : { failed: error };
  }

  function unanswered(): SettleOutcome {
    return {
      failed: new IntermodalError(
        'unknown',
        `${queue.place}: the service said nothing about an entry`,
        { transport: 'sqs', address: queue.place },
      ),
    };
  }

  return {
    async settle(batch, signal) {
      const outcomes: SettleOutcome[] = batch.map(() => 'lost');
      const removals: Work[] = [];
      const changes: Work[] = [];
      for (const [index, settlement] of batch.entries()) {
        const receipt = receiptOf(settlement.token);
        if (receipt === undefined) continue;
        const { handle } = receipt;
        switch (settlement.action) {
          case 'ack':
            removals.push({ index, handle, visibilitySeconds: 0 });
            break;
          case 'retry':
            changes.push({ index, handle, visibilitySeconds: within(receipt, settlement.delayMs) });
            break;
          case 'release':
            changes.push({ index, handle, visibilitySeconds: 0 });
            break;
          case 'reject':
            outcomes[index] = {
              failed: new IntermodalError(
                'unsupported',
                `${queue.place}: dead letters are published, not rejected`,
                { transport: 'sqs' },
              ),
            };
            break;
        }
      }
      await Promise.all([
        run(remove, removals, outcomes as ExtendOutcome[], signal),
        run(change, changes, outcomes as ExtendOutcome[], signal),
      ]);
      return outcomes;
    },

    async extend(tokens, leaseMs, signal) {
      const outcomes: ExtendOutcome[] = tokens.map(() => 'lost');
      const changes: Work[] = [];
      const wantedMs = Math.max(leaseMs, options.leaseSeconds * 1_000);
      const sentAt = clock.now();
      for (const [index, token] of tokens.entries()) {
        const receipt = receiptOf(token);
        const visibilitySeconds = receipt === undefined ? 0 : within(receipt, wantedMs);
        if (receipt !== undefined && visibilitySeconds > 0)
          changes.push({ index, handle: receipt.handle, visibilitySeconds });
      }
      await run(change, changes, outcomes, signal);
      for (const { index, visibilitySeconds } of changes) {
        if (outcomes[index] === 'done')
          outcomes[index] = { leaseUntil: sentAt + visibilitySeconds * 1_000 };
      }
      return outcomes;
    },
  };
}
