import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  type FirehoseClient,
} from '@aws-sdk/client-firehose';
import {
  type Address,
  type Admin,
  IntermodalError,
  type ProvisionPlan,
  systemClock,
} from '@intermodal/core/driver';
import { ask } from './ask.ts';
import type { FirehoseTransportOptions } from './options.ts';
import { obstacleIn, type StreamAt, type Streams } from './streams.ts';

// The service describes streams five times a second for a whole account.
const firstPollMs = 250;
const maxPollMs = 2_000;

export function createAdmin(
  client: FirehoseClient,
  streams: Streams,
  { provisioning }: FirehoseTransportOptions,
): Admin {
  async function create(
    { name, place }: StreamAt,
    address: Address,
    abortSignal: AbortSignal,
  ): Promise<void> {
    if (provisioning === undefined) {
      const text = `${place} is not there: create it with its destination, or say with the option provisioning what to create`;
      throw new IntermodalError('not-found', text, { transport: 'firehose', address: place });
    }
    const command = new CreateDeliveryStreamCommand({
      ...provisioning(address),
      DeliveryStreamName: name,
      DeliveryStreamType: 'DirectPut',
    });
    try {
      await client.send(command, { abortSignal });
    } catch (cause) {
      // Another process was faster.
      if (cause instanceof Error && cause.name === 'ResourceInUseException') return;
      await ask(Promise.reject(cause as Error), place);
    }
  }

  async function untilActive(stream: StreamAt, signal: AbortSignal): Promise<void> {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(maxPollMs, pollMs * 2)) {
      const obstacle = obstacleIn(await streams.describe(stream, signal), stream);
      if (obstacle === undefined) return;
      if (!obstacle.retryable) throw obstacle;
      await new Promise<void>((resolve) => void systemClock.setTimer(resolve, pollMs));
      signal.throwIfAborted();
    }
  }

  async function ensure(
    address: Address,
    { mode }: ProvisionPlan,
    signal: AbortSignal,
  ): Promise<void> {
    const stream = streams.find(address);
    const isThere = await streams.describe(stream, signal).then(
      () => true,
      (error: unknown) => {
        if (mode === 'create' && IntermodalError.is(error, 'not-found')) return false;
        throw error;
      },
    );
    if (!isThere) await create(stream, address, signal);
    await untilActive(stream, signal);
  }

  return {
    provision: ensure,
    async remove(address, abortSignal) {
      const { name, place } = streams.find(address);
      const command = new DeleteDeliveryStreamCommand({ DeliveryStreamName: name });
      await ask(client.send(command, { abortSignal }), place);
    },
  };
}
