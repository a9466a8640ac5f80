import { ListStreamsCommand, type StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import { createLife, type Life } from '@intermodal/aws';
import {
  type Address,
  IntermodalError,
  type Sender,
  systemClock,
  type Transport,
} from '@intermodal/core/driver';
import { createAggregatingSender } from './aggregating-sender.ts';
import { type KinesisCapabilities, kinesisCapabilities } from './capabilities.ts';
import { createClients } from './clients.ts';
import { lagOf } from './lag.ts';
import { createLeaseStore } from './leases/table.ts';
import { mapError } from './map-error.ts';
import {
  aggregationOf,
  checkOptions,
  defaultRecordBytes,
  type KinesisTransportOptions,
} from './options.ts';
import { openReceiver } from './open-receiver.ts';
import { createAdmin } from './provision.ts';
import type { RecordForm } from './record.ts';
import { createSender } from './sender.ts';
import { createReads } from './reads.ts';
import { createShardMap, type ShardMap } from './shard-map.ts';
import { createStreams, type StreamAt } from './streams.ts';

/** A transport that also tells how far its groups are behind. */
export interface KinesisTransport extends Transport<KinesisCapabilities> {
  /**
   * How old the first message is that the group has not checkpointed, by shard, in milliseconds; 0 where there is none. It
   * costs a read of each shard, of which all groups together have five a second.
   *
   * @throws `not-found` where the group was never provisioned nor consumed
   */
  lag(channel: string, group: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/**
 * Amazon Kinesis Data Streams: records ordered by key, read by any number of groups whose workers share the shards
 * through leases in DynamoDB.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function kinesisTransport(options: KinesisTransportOptions = {}): KinesisTransport {
  checkOptions(options);
  const clients = createClients(options);
  const streams = createStreams(options, clients.kinesis);
  const lives = new Set<Life>();
  let closed = false;

  function born(): Life {
    const life = createLife();
    lives.add(life);
    void life.dead.then(() => lives.delete(life));
    return life;
  }

  /** @throws `closed` */
  function mayOpen(): void {
    if (closed)
      throw new IntermodalError('closed', 'the transport was closed', { transport: 'kinesis' });
  }

  /** Also proves that the stream is there. Undefined where it may not be described: a publisher needs no such permission. */
  async function describe(
    stream: StreamAt,
    signal: AbortSignal,
  ): Promise<StreamDescriptionSummary | undefined> {
    try {
      return await streams.describe(stream, signal);
    } catch (error) {
      if (IntermodalError.is(error, 'permission-denied')) return undefined;
      throw error;
    }
  }

  function formFor(
    address: Address,
    stream: StreamAt,
    summary: StreamDescriptionSummary | undefined,
  ): RecordForm {
    const { role, group } = address;
    const isAutomatic = summary?.RecordDistributionStrategy === 'AUTO';
    const maxKiB = summary?.MaxRecordSizeInKiB;
    return {
      // Why a message is a dead letter stands in its headers.
      envelope: role === 'dead-letter' ? 'cloudevents' : (options.envelope ?? 'cloudevents'),
      keys: isAutomatic ? 'none' : 'partition',
      maxRecordBytes:
        maxKiB === undefined ? (options.maxRecordBytes ?? defaultRecordBytes) : maxKiB * 1_024,
      hashKey: role === 'main' ? options.hashKey : undefined,
      onlyGroup: role === 'main' ? group : undefined,
      place: stream.place,
    };
  }

  async function openSender(address: Address, signal: AbortSignal): Promise<Sender> {
    mayOpen();
    const stream = streams.find(address);
    const form = formFor(address, stream, await describe(stream, signal));
    const listShards = async (until: AbortSignal): Promise<ShardMap> =>
      createShardMap(await streams.shards(stream, until));
    const aggregation = address.role === 'main' ? aggregationOf(options) : undefined;
    const shards =
      aggregation === undefined || form.keys === 'none' ? undefined : await listShards(signal);
    mayOpen();
    const settings = {
      client: clients.kinesis,
      stream,
      form,
      life: born(),
      maxInFlight: options.maxInFlight ?? 10,
    };
    if (aggregation === undefined || shards === undefined) return createSender(settings);
    return createAggregatingSender({ ...settings, aggregation, shards, listShards });
  }

  return {
    name: 'kinesis',
    capabilities: kinesisCapabilities,
    openSender,

    async openReceiver(address, receiverOptions, signal) {
      mayOpen();
      const life = born();
      const settings = {
        kinesis: clients.kinesis,
        leases: clients.leases(),
        streams,
        options,
        life,
      };
      try {
        const receiver = await openReceiver(address, receiverOptions, settings, signal);
        mayOpen();
        return receiver;
      } catch (error) {
        life.end();
        throw error;
      }
    },

    admin: createAdmin(clients, streams, options),

    async lag(channel, group, signal = new AbortController().signal) {
      mayOpen();
      const address: Address = { channel, group, role: 'main' };
      const stream = streams.find(address);
      const { table } = createLeaseStore(
        clients.leases(),
        streams.application(address),
        systemClock,
      );
      return lagOf(table, createReads(clients.kinesis, stream), stream.place, signal);
    },

    async check(address, signal) {
      if (address !== undefined) {
        await streams.describe(streams.find(address), signal);
        return;
      }
      try {
        await clients.kinesis.send(new ListStreamsCommand({ Limit: 1 }), { abortSignal: signal });
      } catch (cause) {
        const { error } = mapError(cause, 'kinesis');
        // Who may not list streams has been recognised all the same, which is what was to be proved.
        if (!(cause instanceof Error && cause.name.startsWith('AccessDenied'))) throw error;
      }
    },

    close() {
      closed = true;
      for (const life of lives) life.end();
      clients.destroy();
      return Promise.resolve();
    },
  };
}
