import {
  DescribeDeliveryStreamCommand,
  type DeliveryStreamDescription,
  type FirehoseClient,
} from '@aws-sdk/client-firehose';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import { type FirehoseTransportOptions, invalid } from './options.ts';

export interface StreamAt {
  readonly name: string;
  /** For error messages. */
  readonly place: string;
}

/** Finds delivery streams and reads what is set on them. */
export interface Streams {
  /** By naming rule, `streams` option or the address itself. @throws `invalid-argument` */
  find(address: Address): StreamAt;
  /** @throws `not-found`, `permission-denied` */
  describe(stream: StreamAt, signal: AbortSignal): Promise<DeliveryStreamDescription>;
}

const namePattern = /^[A-Za-z0-9_.-]{1,64}$/;

/** `orders`, and `orders_dlq` for dead letters: names of channels have no underscore, and 60 characters at most. */
function defaultName({ role, channel }: Address): string {
  return role === 'main' ? channel : `${channel}_dlq`;
}

export function createStreams(options: FirehoseTransportOptions, client: FirehoseClient): Streams {
  return {
    find(address) {
      const name =
        address.native ??
        (address.role === 'main' ? options.streams?.[address.channel] : undefined) ??
        (options.naming ?? defaultName)(address);
      if (namePattern.test(name)) return { name, place: `firehose delivery stream '${name}'` };
      throw invalid(`'${name}' is not the name of a delivery stream`);
    },

    async describe({ name, place }, abortSignal) {
      const command = new DescribeDeliveryStreamCommand({ DeliveryStreamName: name, Limit: 1 });
      const answer = await ask(client.send(command, { abortSignal }), place);
      const { DeliveryStreamDescription: description } = answer;
      if (description === undefined) throw invalid(`${place}: the service did not describe it`);
      return description;
    },
  };
}

/** Why nothing can be put into it; undefined where it can. */
export function obstacleIn(
  { DeliveryStreamStatus, DeliveryStreamType }: DeliveryStreamDescription,
  { place }: StreamAt,
): IntermodalError | undefined {
  const about = { transport: 'firehose', address: place };
  if (DeliveryStreamType !== undefined && DeliveryStreamType !== 'DirectPut') {
    const text = `${place} takes its records from another source (${DeliveryStreamType}): publish there`;
    return new IntermodalError('mismatch', text, about);
  }
  switch (DeliveryStreamStatus) {
    case 'CREATING': {
      const text = `${place} is being created`;
      return new IntermodalError('unavailable', text, { ...about, retryable: true });
    }
    case 'CREATING_FAILED': {
      const text = `${place} could not be created: its destination, role or key is not as it must be`;
      return new IntermodalError('rejected', text, about);
    }
    case 'DELETING':
    case 'DELETING_FAILED': {
      return new IntermodalError('not-found', `${place} is being deleted`, about);
    }
    case 'ACTIVE':
    case undefined: {
      return undefined;
    }
    default: {
      DeliveryStreamStatus satisfies never;
      return undefined;
    }
  }
}
