import { ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose';
import { IntermodalError, type Transport } from '@intermodal/core/driver';
import { type FirehoseCapabilities, firehoseCapabilities } from './capabilities.ts';
import { clientOf } from './client.ts';
import { createLife, type Life } from './life.ts';
import { mapError } from './map-error.ts';
import { checkOptions, type FirehoseTransportOptions } from './options.ts';
import { createAdmin } from './provision.ts';
import { createSender } from './sender.ts';
import { createStreams, obstacleIn, type StreamAt } from './streams.ts';

/**
 * Amazon Data Firehose: messages on their way to S3 and other destinations. It only publishes.
 *
 * @throws `invalid-argument` for options that contradict each other or are out of range
 */
export function firehoseTransport(
  options: FirehoseTransportOptions = {},
): Transport<FirehoseCapabilities> {
  checkOptions(options);
  const client = clientOf(options);
  const streams = createStreams(options, client);
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
      throw new IntermodalError('closed', 'the transport was closed', { transport: 'firehose' });
  }

  /** @throws where nothing can be put into it */
  async function prove(stream: StreamAt, signal: AbortSignal): Promise<void> {
    const obstacle = obstacleIn(await streams.describe(stream, signal), stream);
    if (obstacle !== undefined) throw obstacle;
  }

  return {
    name: 'firehose',
    capabilities: firehoseCapabilities,

    async openSender(address, signal) {
      mayOpen();
      const stream = streams.find(address);
      await prove(stream, signal).catch((error: unknown) => {
        // A publisher needs no permission to describe: then the first request tells.
        if (!IntermodalError.is(error, 'permission-denied')) throw error;
      });
      mayOpen();
      return createSender({
        client,
        stream,
        form: {
          // Why a message is a dead letter stands in its headers.
          envelope:
            address.role === 'dead-letter' ? 'cloudevents' : (options.envelope ?? 'cloudevents'),
          delimiter: options.delimiter ?? '\n',
          place: stream.place,
        },
        life: born(),
        maxInFlight: options.maxInFlight ?? 10,
      });
    },

    admin: createAdmin(client, streams, options),

    async check(address, signal) {
      if (address !== undefined) {
        await prove(streams.find(address), signal);
        return;
      }
      try {
        await client.send(new ListDeliveryStreamsCommand({ Limit: 1 }), { abortSignal: signal });
      } catch (cause) {
        const { error } = mapError(cause, 'firehose');
        // Who may not list streams has been recognised all the same, which is what was to be proved.
        if (!(cause instanceof Error && cause.name.startsWith('AccessDenied'))) throw error;
      }
    },

    close() {
      closed = true;
      for (const life of lives) life.end();
      if (options.client === undefined) client.destroy();
      return Promise.resolve();
    },
  };
}
