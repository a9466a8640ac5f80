import {
  bodyBytes,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import { fromDecimal, type HashKey, hashKeyOf, isWithin, toDecimal } from './hash-key.ts';
import { type Aggregatable, encodeAggregate, recordOverhead } from './kpl-format.ts';
import type { KinesisAggregation } from './options.ts';
import { type Package, pack, type Packable, type Place } from './packing.ts';
import { maxRequestBytes, maxRequestRecords, type PutOutcome, putRecords } from './put-records.ts';
import { writeRecord } from './record.ts';
import { answersOf, type SenderSettings, whileAlive } from './sender.ts';
import type { ShardMap } from './shard-map.ts';

export interface AggregatingSettings extends SenderSettings {
  readonly aggregation: KinesisAggregation;
  readonly shards: ShardMap;
  readonly listShards: (signal: AbortSignal) => Promise<ShardMap>;
}

interface Payload extends Aggregatable {
  readonly dataBytes: number;
  /** Undefined for a message that may go to any shard. */
  readonly place: KeyPlace | undefined;
}

interface KeyPlace extends Place {
  shardId: string | undefined;
  /** Which says the shard. */
  map: ShardMap | undefined;
}

interface Request {
  readonly packages: Package[];
  readonly records: ReturnType<typeof recordOf>[];
  bytes: number;
}

// The partition key of messages without one, which would else be a key each in the record's table.
const sharedKey = 'none';
const mostPlaces = 10_000;
const noHash: HashKey = '0'.repeat(32);

/** Many messages in one record, as the Kinesis Producer Library sends them. */
export function createAggregatingSender(settings: AggregatingSettings): Sender {
  const { client, stream, form, life, aggregation } = settings;
  const limits = {
    maxBytes: Math.min(aggregation.maxBytes ?? 51_200, form.maxRecordBytes - 300),
    maxCount: aggregation.maxCount ?? 4_096,
  };
  let map = settings.shards;
  let turn = 0;
  /** Keys come again, and to hash one costs as much as all else of a message. */
  const places = new Map<string, KeyPlace>();

  function placeOf(partitionKey: string, hashKey: string | undefined): KeyPlace {
    if (hashKey !== undefined) return unseen(fromDecimal(hashKey));
    const known = places.get(partitionKey);
    if (known !== undefined) return known;
    const place = unseen(hashKeyOf(partitionKey));
    if (places.size >= mostPlaces) places.clear();
    places.set(partitionKey, place);
    return place;
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

  function packableOf(prepared: Prepared): Packable {
    const payload = prepared.payload as Payload;
    const { place } = payload;
    if (place === undefined) return anywhere(prepared, payload);
    if (place.map !== map) {
      place.map = map;
      place.shardId = map.find(place.hash)?.id;
    }
    return prepared as Packable;
  }

  /** A turn for each kilobyte or so would spread better, and fill records worse. */
  function anywhere({ bytes, lane }: Prepared, payload: Payload): Packable {
    const shard = map.shards[turn % map.shards.length];
    if (shard === undefined) return { bytes, lane, payload: { ...payload, place: unseen(noHash) } };
    const { first } = shard.range;
    const hashKey = toDecimal(first);
    const place = { hash: first, shardId: shard.id };
    return {
      bytes: sizeOf(payload.dataBytes, sharedKey.length, hashKey),
      lane,
      payload: { ...payload, partitionKey: sharedKey, hashKey, place },
    };
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
      const record = recordOf(messages.map((index) => (packables[index] as Packable).payload));
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
    { shardId, messages }: Package,
    answer: PutOutcome,
    packables: readonly Packable[],
    outcomes: (SendOutcome | undefined)[],
  ): void {
    // The range of a shard never changes: where it was expected to be it is read.
    const isElsewhere = answer.ok && answer.shardId !== shardId;
    if (isElsewhere && messages.length > 1 && !isWithinShard(answer.shardId)) {
      for (const index of messages) outcomes[index] = discarded();
      return;
    }
    const answerTo = answersOf(answer);
    messages.forEach((index, sub) => {
      outcomes[index] = answerTo(sub);
    });

    /** Readers discard the whole of an aggregate with a message that does not belong to its shard. */
    function isWithinShard(found: string): boolean {
      const range = map.rangeOf(found);
      return (
        range !== undefined &&
        messages.every((index) =>
          isWithin(range, (packables[index] as Packable).payload.place.hash),
        )
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
      const { data, dataBytes, partitionKey, hashKey } = entry;
      const isAnywhere = !entry.keyed && hashKey === undefined;
      const place = isAnywhere ? undefined : placeOf(partitionKey, hashKey);
      const payload: Payload = { data, dataBytes, partitionKey, hashKey, place };
      return { bytes: sizeOf(dataBytes, entry.keyBytes, hashKey), lane: message.key, payload };
    },
    ...whileAlive(life, stream, send),
  };
}

/** Of a message in an aggregate, at most. */
function sizeOf(dataBytes: number, keyBytes: number, hashKey: string | undefined): number {
  return dataBytes + keyBytes + (hashKey?.length ?? 0) + recordOverhead;
}

/** Of which no map has said the shard. */
function unseen(hash: HashKey): KeyPlace {
  return { hash, shardId: undefined, map: undefined };
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
function recordOf(entries: readonly Aggregatable[]): {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
} {
  const [first] = entries as readonly [Aggregatable];
  const Data = entries.length === 1 ? bodyBytes(first.data) : encodeAggregate(entries);
  const record = { Data, PartitionKey: first.partitionKey };
  return first.hashKey === undefined ? record : { ...record, ExplicitHashKey: first.hashKey };
}
