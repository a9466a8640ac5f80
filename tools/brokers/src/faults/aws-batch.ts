import {
  addToXml,
  editOutput,
  replyWith,
  toXml,
  type AwsCall,
  type AwsObject,
  type AwsReply,
} from './aws-wire.ts';

/** Why one entry of a batch is refused. */
export interface EntryError {
  readonly code: string;
  /** @defaultValue false: worth another try */
  readonly senderFault?: boolean;
  readonly message?: string;
}

interface BatchShape {
  readonly entries: string;
  /** Entries are answered in lists of successes and failures, or each in its place. */
  readonly answered: { readonly by: 'id' } | ByPosition;
}

interface ByPosition {
  readonly by: 'position';
  readonly results: string;
  readonly failedCount: string;
}

const byId = { by: 'id' } as const;

const batches: Readonly<Record<string, BatchShape>> = {
  SendMessageBatch: { entries: 'Entries', answered: byId },
  DeleteMessageBatch: { entries: 'Entries', answered: byId },
  ChangeMessageVisibilityBatch: { entries: 'Entries', answered: byId },
  PublishBatch: { entries: 'PublishBatchRequestEntries', answered: byId },
  PutRecords: {
    entries: 'Records',
    answered: { by: 'position', results: 'Records', failedCount: 'FailedRecordCount' },
  },
  PutRecordBatch: {
    entries: 'Records',
    answered: { by: 'position', results: 'RequestResponses', failedCount: 'FailedPutCount' },
  },
};

/** A batch of which some entries are refused before the service sees them. */
export interface SplitBatch {
  /** What is left to forward; nothing when every entry is refused. */
  readonly input: AwsObject | undefined;
  /** The service's answer with the refused entries told of. */
  merge(answer: AwsReply): AwsReply;
  /** The whole answer when nothing was forwarded. */
  refusal(): AwsReply;
}

/** The entries of a batch call; none for any other call. */
export function entriesOf(call: AwsCall): readonly AwsObject[] {
  const shape = batches[call.operation];
  const entries = shape && call.input[shape.entries];
  return Array.isArray(entries) ? (entries as readonly AwsObject[]) : [];
}

/** Takes the refused entries out of a batch; nothing when the call is no batch or none is refused. */
export function splitBatch(
  call: AwsCall,
  refuse: (entry: AwsObject, index: number) => EntryError | undefined,
): SplitBatch | undefined {
  const shape = batches[call.operation];
  if (!shape) return undefined;
  const entries = entriesOf(call);
  const errors = entries.map(refuse);
  if (errors.every((error) => error === undefined)) return undefined;
  const left = entries.filter((_, index) => errors[index] === undefined);
  const input = left.length > 0 ? { ...call.input, [shape.entries]: left } : undefined;
  const { answered } = shape;
  const merging =
    answered.by === 'id'
      ? mergingById(call, failures(entries, errors))
      : mergingByPosition(call, answered, errors);
  return { input, ...merging };
}

function failures(
  entries: readonly AwsObject[],
  errors: readonly (EntryError | undefined)[],
): readonly AwsObject[] {
  return entries.flatMap((entry, index) => {
    const error = errors[index];
    if (!error) return [];
    const { code, senderFault = false, message = `${code}, injected` } = error;
    return [{ Id: entry['Id'], SenderFault: senderFault, Code: code, Message: message }];
  });
}

function mergingById(
  call: AwsCall,
  failed: readonly AwsObject[],
): Pick<SplitBatch, 'merge' | 'refusal'> {
  return {
    merge(answer) {
      if (call.protocol === 'query') {
        return addToXml(answer, `${call.operation}Result`, 'Failed', toXml(failed));
      }
      return editOutput(answer, (output) => ({
        ...output,
        Failed: [...listIn(output, 'Failed'), ...failed],
      }));
    },
    refusal: () => replyWith(call, { Failed: failed }),
  };
}

function mergingByPosition(
  call: AwsCall,
  { results, failedCount }: ByPosition,
  errors: readonly (EntryError | undefined)[],
): Pick<SplitBatch, 'merge' | 'refusal'> {
  const merged = (output: AwsObject): AwsObject => {
    const answers = listIn(output, results).values();
    const all = errors.map((error) => {
      if (!error) return answers.next().value;
      return { ErrorCode: error.code, ErrorMessage: error.message ?? `${error.code}, injected` };
    });
    const refused = errors.filter((error) => error !== undefined).length;
    return { ...output, [results]: all, [failedCount]: Number(output[failedCount] ?? 0) + refused };
  };
  return {
    merge: (answer) => editOutput(answer, merged),
    refusal: () => replyWith(call, merged({})),
  };
}

function listIn(output: AwsObject, name: string): readonly unknown[] {
  const list = output[name];
  return Array.isArray(list) ? list : [];
}
