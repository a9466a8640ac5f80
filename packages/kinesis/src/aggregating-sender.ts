import {
  bodyBytes,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import { fromDecimal, type HashKey, hashKeyOf, isWithin, toDecimal } from './hash-key.ts';
import { encodeAggregate } from './kpl-format.ts';
import type { KinesisAggregation } from './options.ts';
import { type Package, pack, type Packable, sizeOf } from './packing.ts';
import { maxRequestBytes, maxRequestRecords, type PutOutcome, putRecords } from './put-records.ts';
import { type RecordEntry, writeRecord } from './record.ts';
import { answerOf, type SenderSettings, whileAlive } from './sender.ts';
import type { ShardMap } from './shard-map.ts';

export interface AggregatingSettings extends SenderSettings {
  readonly aggregation: KinesisAggregation;
  readonly shards: ShardMap;
  readonly listShards: (signal: AbortSignal) => Promise<ShardMap>;
}

interface Payload {
  readonly entry: RecordEntry;
  /** Undefined for a message that may go to any shard. */
  readonly hash: HashKey | undefined;
}

interface Request {
  readonly packages: Package[];
  readonly records: ReturnType<typeof recordOf>[];
  bytes: number;
}

// The partition key of messages without one, which would else be a key each in the record's table.
const sharedKey = 'none';
const mostHashes = 10_000;

/** Many messages in one record, as the Kinesis Producer Library sends them. */
export function createAggregatingSender(settings: AggregatingSettings): Sender {
  const { client, stream, form, life, aggregation } = settings;
  const limits = {
    maxBytes: Math.min(aggregation.maxBytes ?? 51_200, form.maxRecordBytes - 300),
    maxCount: aggregation.maxCount ?? 4_096,
  };
  let map = settings.shards;
  let turn = 0;
  /** Keys come again. */
  const hashes = new Map<string, HashKey>();

  function hashOf({ partitionKey, hashKey }: RecordEntry): HashKey {
    if (hashKey !== undefined) return fromDecimal(hashKey);
    const known = hashes.get(partitionKey);
    if (known !== undefined) return known;
    const found = hashKeyOf(partitionKey);
    if (hashes.size >= mostHashes) hashes.clear();
    hashes.set(partitionKey, found);
    return found;
  }

  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    const packables = batch.map(packableOf);
    const outcomes: (SendOutcome | undefined)[] = batch.map(() => undefined);
    const failedLanes = new Set<string>();
    const packages = pack(packables, limits);
    const last = packages.reduce((most, { round }) => Math.max(most, round), 0);
    for (let round = 0; round <= last; round += 1) {
      const due = packages.filter((one) => one.round === round);
      const requests = requestsOf(due, packables, failedLanes, outcomes);
      await Promise.all(
        requests.map(async ({ packages: sent, records }) => {
          const answers = await putRecords(client, stream, records, life, signal);
          await lookAgain(sent, answers, signal);
          sent.forEach((one, index) => {
            answerPackage(one, answers[index] as PutOutcome, packables, outcomes);
          });
        }),
      );
      if (round < last) addFailed(failedLanes, packables, outcomes);
    }
    return packables.map((_, index) => outcomes[index] ?? unanswered());
  }

  function packableOf({ payload, lane }: Prepared): Packable {
    const { entry, hash } = payload as Payload;
    if (hash !== undefined) return { entry, hash, shardId: map.find(hash)?.id, lane };
    // A turn for each kilobyte or so would spread better, and fill records worse.
    const shard = map.shards[turn % map.shards.length];
    if (shard === undefined) return { entry, hash: '0'.repeat(32), shardId: undefined, lane };
    const { first } = shard.range;
    const shared = { ...entry, partitionKey: sharedKey, hashKey: toDecimal(first) };
    return { entry: shared, hash: first, shardId: shard.id, lane };
  }

  /** Leaves out what an earlier record of its key failed before: it must not overtake it. */
  function requestsOf(
    due: readonly Package[],
    packables: readonly Packable[],
    failedLanes: ReadonlySet<string>,
    outcomes: (SendOutcome | undefined)[],
  ): readonly Request[] {
    turn += 1;
    const requests: Request[] = [];
    for (const one of due) {
      const messages =
        failedLanes.size === 0
          ? one.messages
          : one.messages.filter((index) => {
              const lane = packables[index]?.lane;
              const isHeld = lane !== undefined && failedLanes.has(lane);
              if (isHeld) outcomes[index] = behindFailure();
              return !isHeld;
            });
      if (messages.length === 0) continue;
      const record = recordOf(messages.map((index) => (packables[index] as Packable).entry));
      const bytes = record.Data.byteLength + Buffer.byteLength(record.PartitionKey);
      let request = requests.at(-1);
      if (
        request === undefined ||
        request.records.length === maxRequestRecords ||
        request.bytes + bytes > maxRequestBytes
      ) {
        request = { packages: [], records: [], bytes: 0 };
        requests.push(request);
      }
      request.packages.push({ ...one, messages });
      request.records.push(record);
      request.bytes += bytes;
    }
    return requests;
  }

  /** A record that came to another shard than was expected says that the stream has been resharded. */
  async function lookAgain(
    sent: readonly Package[],
    answers: readonly PutOutcome[],
    signal: AbortSignal,
  ): Promise<void> {
    const isStale = answers.some(
      (answer, index) => answer.ok && answer.shardId !== sent[index]?.shardId,
    );
    if (!isStale) return;
    try {
      map = await settings.listShards(signal);
    } catch {
      // The old map has no such shard, which is answered as a doubt.
    }
  }

  function answerPackage(
    { messages }: Package,
    answer: PutOutcome,
    packables: readonly Packable[],
    outcomes: (SendOutcome | undefined)[],
  ): void {
    const isRead = !answer.ok || messages.length === 1 || isWithinShard(answer.shardId);
    messages.forEach((index, sub) => {
      outcomes[index] = isRead ? answerOf(answer, sub) : discarded();
    });

    /** Readers discard the whole of an aggregate with a message that does not belong to its shard. */
    function isWithinShard(shardId: string): boolean {
      const range = map.rangeOf(shardId);
      return (
        range !== undefined &&
        messages.every((index) => isWithin(range, (packables[index] as Packable).hash))
      );
    }
  }

  function discarded(): SendOutcome {
    return refused('unknown', 'it was resharded while a record was on its way');
  }

  function unanswered(): SendOutcome {
    return refused('unknown', 'the service said nothing about a record');
  }

  function behindFailure(): SendOutcome {
    return refused('rejected', 'an earlier message of the same key failed');
  }

  function refused(certainty: 'rejected' | 'unknown', text: string): SendOutcome {
    const error = new IntermodalError('unavailable', `${stream.place}: ${text}`, {
      retryable: true,
      transport: 'kinesis',
      address: stream.place,
    });
    return { ok: false, certainty, error };
  }

  return {
    limits: {
      maxBatchCount: maxRequestRecords * limits.maxCount,
      maxBatchBytes: Math.max(maxRequestBytes, form.maxRecordBytes),
      maxInFlight: settings.maxInFlight,
      // A later message of a key is in the same record or in a later request.
      entries: 'ordered',
      lingerMs: aggregation.lingerMs ?? 100,
    },
    dead: life.dead,
    prepare(message) {
      const entry = writeRecord(message, form);
      const isAnywhere = !entry.keyed && entry.hashKey === undefined;
      const hash = isAnywhere ? undefined : hashOf(entry);
      return { bytes: sizeOf(entry), lane: message.key, payload: { entry, hash } };
    },
    ...whileAlive(life, stream, send),
  };
}

function addFailed(
  lanes: Set<string>,
  packables: readonly Packable[],
  outcomes: readonly (SendOutcome | undefined)[],
): void {
  outcomes.forEach((outcome, index) => {
    const lane = packables[index]?.lane;
    if (outcome?.ok === false && lane !== undefined) lanes.add(lane);
  });
}

/** One alone needs no aggregate. */
function recordOf(entries: readonly RecordEntry[]): {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
} {
  const [first] = entries as readonly [RecordEntry];
  const Data = entries.length === 1 ? bodyBytes(first.data) : encodeAggregate(entries);
  const record = { Data, PartitionKey: first.partitionKey };
  return first.hashKey === undefined ? record : { ...record, ExplicitHashKey: first.hashKey };
}
