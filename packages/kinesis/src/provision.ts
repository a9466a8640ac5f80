import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  IncreaseStreamRetentionPeriodCommand,
  StartStreamEncryptionCommand,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import {
  type Address,
  type Admin,
  IntermodalError,
  type ProvisionPlan,
  systemClock,
} from '@intermodal/core/driver';
import { ask } from './ask.ts';
import { begin } from './beginning.ts';
import type { Clients } from './clients.ts';
import { createLeaseStore, type LeaseStore } from './leases/table.ts';
import type { KinesisTransportOptions } from './options.ts';
import { createReads } from './reads.ts';
import type { StreamAt, Streams } from './streams.ts';
import { differencesOf, type Wanted, wantedDeadLetter, wantedMain } from './wanted.ts';

const firstPollMs = 20;
const maxPollMs = 1_000;
/** A limit that still stands then is the account's number of shards, which no waiting mends. */
const createForMs = 20_000;

export function createAdmin(
  clients: Clients,
  streams: Streams,
  options: KinesisTransportOptions,
): Admin {
  const { kinesis } = clients;

  /** Resolves when the stream is there, as wanted, and can be used. */
  async function ensure(
    address: Address,
    wanted: Wanted,
    mode: ProvisionPlan['mode'],
    signal: AbortSignal,
  ): Promise<void> {
    const stream = streams.find(address);
    const isOurs = mode === 'create' && !stream.foreign;
    const there = await streams.describe(stream, signal).catch((error: unknown) => {
      if (isOurs && IntermodalError.is(error, 'not-found')) return undefined;
      throw error;
    });
    if (there === undefined) await create(stream, wanted, signal);
    const summary = await untilActive(stream, signal);
    const differences = differencesOf(summary, wanted);
    const isMendable = differences.every(({ mend }) => mend !== undefined);
    if (differences.length > 0 && !(isOurs && isMendable)) {
      const text = differences.map((difference) => difference.text).join('; ');
      throw new IntermodalError('mismatch', `${stream.place} is not as wanted: ${text}`, {
        transport: 'kinesis',
        address: stream.place,
      });
    }
    for (const { mend } of differences) {
      await adjust(stream, mend ?? 'retention', wanted, signal);
      await untilActive(stream, signal);
    }
  }

  async function create(
    { name, place }: StreamAt,
    { capacity, maxRecordKiB, tags }: Wanted,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const command = new CreateStreamCommand({
      StreamName: name,
      ...(maxRecordKiB === undefined ? {} : { MaxRecordSizeInKiB: maxRecordKiB }),
      ...(capacity === 'on-demand'
        ? { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }
        : { ShardCount: capacity.shards, StreamModeDetails: { StreamMode: 'PROVISIONED' } }),
    });
    const giveUpAt = systemClock.now() + createForMs;
    for (let pollMs = firstPollMs; ; pollMs = Math.min(maxPollMs, pollMs * 2)) {
      try {
        await kinesis.send(command, { abortSignal });
        break;
      } catch (cause) {
        const { name } = cause as Error;
        // Another process was faster.
        if (name === 'ResourceInUseException') return;
        // Five streams of an account may be in creation at once, and five calls a second made.
        if (name !== 'LimitExceededException' || systemClock.now() > giveUpAt)
          await ask(Promise.reject(cause as Error), place);
      }
      await pause(pollMs, abortSignal);
    }
    if (Object.keys(tags).length === 0) return;
    const tagging = new AddTagsToStreamCommand({ StreamName: name, Tags: { ...tags } });
    await ask(kinesis.send(tagging, { abortSignal }), place);
  }

  async function adjust(
    { target, place }: StreamAt,
    what: 'retention' | 'encryption',
    { retentionHours, encryptionKeyId }: Wanted,
    abortSignal: AbortSignal,
  ): Promise<void> {
    if (what === 'retention') {
      const command = new IncreaseStreamRetentionPeriodCommand({
        ...target,
        RetentionPeriodHours: retentionHours,
      });
      await ask(kinesis.send(command, { abortSignal }), place);
      return;
    }
    const command = new StartStreamEncryptionCommand({
      ...target,
      EncryptionType: 'KMS',
      KeyId: encryptionKeyId,
    });
    await ask(kinesis.send(command, { abortSignal }), place);
  }

  async function untilActive(
    stream: StreamAt,
    signal: AbortSignal,
  ): Promise<StreamDescriptionSummary> {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(maxPollMs, pollMs * 2)) {
      const summary = await streams.describe(stream, signal);
      if (summary.StreamStatus === 'ACTIVE') return summary;
      await pause(pollMs, signal);
    }
  }

  function storeOf(address: Address): LeaseStore {
    return createLeaseStore(clients.leases(), streams.application(address), systemClock);
  }

  /** The group begins here, until a consumer says otherwise. */
  async function ensureGroup(
    address: Address,
    mode: ProvisionPlan['mode'],
    signal: AbortSignal,
  ): Promise<void> {
    const store = storeOf(address);
    if (mode === 'verify') {
      if (await store.exists(signal)) return;
      const text = `${store.place} is not there: provision the group`;
      throw new IntermodalError('not-found', text, { transport: 'kinesis', address: store.place });
    }
    await store.make(options.provisioning?.tags ?? {}, signal);
    const stream = streams.find(address);
    const { place } = stream;
    const shards = await streams.shards(stream, signal);
    const reads = createReads(kinesis, stream);
    await begin(
      { table: store.table, reads, shards, clock: systemClock, place },
      undefined,
      signal,
    );
  }

  async function remove(address: Address, abortSignal: AbortSignal): Promise<void> {
    const { target, place } = streams.find(address);
    const command = new DeleteStreamCommand({ ...target, EnforceConsumerDeletion: true });
    await ask(kinesis.send(command, { abortSignal }), place);
  }

  async function unlessMissing(removal: Promise<void>): Promise<void> {
    await removal.catch((error: unknown) => {
      if (!IntermodalError.is(error, 'not-found')) throw error;
    });
  }

  return {
    async provision(address, plan, signal) {
      const { mode } = plan;
      if (address.role === 'dead-letter') {
        await ensure(address, wantedDeadLetter(options), mode, signal);
        return;
      }
      const { deadLetter } = plan;
      await Promise.all([
        ensure(address, wantedMain(options, plan.order), mode, signal),
        deadLetter && ensure(deadLetter, wantedDeadLetter(options), mode, signal),
      ]);
      await ensureGroup(address, mode, signal);
    },

    /** The stream and the one of its dead letters, with the leases of the group that is named. */
    async remove(address, signal) {
      await unlessMissing(storeOf(address).drop(signal));
      if (address.role === 'main') {
        const dead: Address = { ...address, role: 'dead-letter' };
        await unlessMissing(storeOf(dead).drop(signal));
        await unlessMissing(remove(dead, signal));
      }
      await remove(address, signal);
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => void systemClock.setTimer(resolve, ms));
  signal.throwIfAborted();
}
