import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import type { Address } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import { invalid, type KinesisTransportOptions } from './options.ts';

/** One stream, in the members that name it in every request. */
export interface StreamAt {
  readonly target: { readonly StreamName: string } | { readonly StreamARN: string };
  readonly name: string;
  /** Given by ARN: somebody else's to create and to change. */
  readonly foreign: boolean;
  /** For error messages. */
  readonly place: string;
}

/** Finds streams and reads what is set on them. */
export interface Streams {
  /** By naming rule, `streams` option or the address itself. @throws `invalid-argument` */
  find(address: Address): StreamAt;
  /** The name of the group's application, which its lease table has too. */
  application(address: Address): string;
  /** @throws `not-found`, `permission-denied` */
  describe(stream: StreamAt, signal: AbortSignal): Promise<StreamDescriptionSummary>;
  /** All that are kept, closed ones among them. @throws `not-found`, `permission-denied` */
  shards(stream: StreamAt, signal: AbortSignal): Promise<readonly Shard[]>;
}

const arnPattern = /^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:\d{12}:stream\/([A-Za-z0-9_.-]{1,128})$/;
const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;

/** `orders`, and `orders_dlq` for the dead letters of all its groups: names of channels have no underscore. */
function defaultName(address: Address): string {
  return address.role === 'main' ? address.channel : `${address.channel}_dlq`;
}

function applicationOf({ channel, group = channel }: Address): string {
  return `${channel}_${group}`;
}

export function createStreams(options: KinesisTransportOptions, client: KinesisClient): Streams {
  function find(address: Address): StreamAt {
    const native =
      address.native ??
      (address.role === 'main' ? options.streams?.[address.channel] : undefined) ??
      (options.naming ?? defaultName)(address);
    const name = arnPattern.exec(native)?.[1];
    if (name !== undefined)
      return { target: { StreamARN: native }, name, foreign: true, place: placeOf(name) };
    if (namePattern.test(native))
      return {
        target: { StreamName: native },
        name: native,
        foreign: false,
        place: placeOf(native),
      };
    throw invalid(`'${native}' is neither the name of a stream nor the ARN of one`);
  }

  async function describe(
    stream: StreamAt,
    abortSignal: AbortSignal,
  ): Promise<StreamDescriptionSummary> {
    const command = new DescribeStreamSummaryCommand(stream.target);
    const { StreamDescriptionSummary: summary } = await ask(
      client.send(command, { abortSignal }),
      stream.place,
    );
    if (summary === undefined) throw invalid(`${stream.place}: the service did not describe it`);
    return summary;
  }

  async function shards(stream: StreamAt, abortSignal: AbortSignal): Promise<readonly Shard[]> {
    const found: Shard[] = [];
    let next: string | undefined;
    do {
      // A token stands for its stream.
      const command: ListShardsCommand = new ListShardsCommand(
        next === undefined ? stream.target : { NextToken: next },
      );
      const page = await ask(client.send(command, { abortSignal }), stream.place);
      found.push(...(page.Shards ?? []));
      next = page.NextToken;
    } while (next !== undefined);
    return found;
  }

  return {
    find,
    application(address) {
      const suffix = address.role === 'main' ? '' : '_dlq';
      return options.leasing?.table?.(address) ?? `${applicationOf(address)}${suffix}`;
    },
    describe,
    shards,
  };
}

function placeOf(name: string): string {
  return `kinesis stream '${name}'`;
}
