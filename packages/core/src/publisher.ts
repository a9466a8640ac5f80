import type { Channel } from './channel.ts';
import type { PublishMiddleware } from './client-options.ts';
import type { Published, PublishOutcome } from './client-types.ts';
import { toCloudEvent } from './cloud-events.ts';
import type { Driver, WireMessage } from './driver.ts';
import { type Encoded, encodeBody } from './encode.ts';
import { IntermodalError } from './error.ts';
import { checkHeaders } from './header-packing.ts';
import { messageId } from './message-id.ts';
import type { PublishQueue } from './publish-queue.ts';
import { type AnyPublishOptions, checkPublishOptions, needs } from './settings.ts';

type SomeChannel = Channel<unknown, unknown, 'none' | 'key'>;

export interface PublisherOptions {
  readonly driver: Driver;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly middleware: readonly PublishMiddleware[];
  readonly queue: (channel: string) => PublishQueue;
}

export interface ChannelPublisher {
  publish(channel: SomeChannel, body: unknown, options: AnyPublishOptions): Promise<Published>;
  publishMany(
    channel: SomeChannel,
    messages: readonly (AnyPublishOptions & { readonly body: unknown })[],
  ): Promise<readonly PublishOutcome[]>;
}

const noOptions: AnyPublishOptions = {};
const noHeaders: ReadonlyMap<string, string> = new Map();

export function createPublisher(options: PublisherOptions): ChannelPublisher {
  const { driver, middleware } = options;
  const { capabilities, name: transport } = driver;
  const prefix = driver.cloudEventsPrefix ?? 'ce-';
  /** The last publish of a key that is still being validated: what comes later of that key waits for its turn. */
  const turns = new Map<string, Promise<void>>();

  function publish(
    channel: SomeChannel,
    body: unknown,
    settings: AnyPublishOptions = noOptions,
  ): Promise<Published> {
    if (middleware.length > 0) return publishThrough(channel, body, settings);
    try {
      check(channel, settings);
      const encoded = encodeBody(channel, body);
      const mayBeAlone = turns.size === 0 && !(encoded instanceof Promise);
      const turnOf = mayBeAlone ? undefined : turnName(channel, settings);
      const before = turnOf === undefined ? undefined : turns.get(turnOf);
      if (!(encoded instanceof Promise) && before === undefined)
        return enqueue(channel, encoded, settings);
      const ready = before === undefined ? Promise.resolve(encoded) : before.then(() => encoded);
      return inTurn(turnOf, ready, (value) => handOver(channel, value, settings));
    } catch (error) {
      return Promise.reject(IntermodalError.from(error, { code: 'invalid-argument', transport }));
    }
  }

  /** Hands over once `ready`, and lets the key's next one go only then. */
  function inTurn(
    turnOf: string | undefined,
    ready: Promise<Encoded>,
    hand: (encoded: Encoded) => Promise<Published>,
  ): Promise<Published> {
    let published: Promise<Published> | undefined;
    const turn = ready.then(
      (encoded) => {
        published = hand(encoded);
        published.catch(() => undefined);
      },
      (error: unknown) => {
        published = Promise.reject(
          IntermodalError.from(error, { code: 'invalid-argument', transport }),
        );
        published.catch(() => undefined);
      },
    );
    if (turnOf !== undefined) {
      turns.set(turnOf, turn);
      void turn.then(() => {
        if (turns.get(turnOf) === turn) turns.delete(turnOf);
      });
    }
    return turn.then(() => published as Promise<Published>);
  }

  async function publishThrough(
    channel: SomeChannel,
    body: unknown,
    settings: AnyPublishOptions,
  ): Promise<Published> {
    const turnOf = turnName(channel, settings);
    const before = turnOf === undefined ? undefined : turns.get(turnOf);
    let enqueued!: () => void;
    const turn = new Promise<void>((resolve) => {
      enqueued = resolve;
    });
    if (turnOf !== undefined) turns.set(turnOf, turn);
    const last: Parameters<PublishMiddleware>[1] = async (message) => {
      check(message.channel, message.options);
      const encoded = await encodeBody(message.channel, message.body);
      await before;
      const published = handOver(message.channel, encoded, message.options);
      enqueued();
      return published;
    };
    let next = last;
    for (const layer of middleware.toReversed()) {
      const inner = next;
      next = (message) => layer(message, inner);
    }
    try {
      return await next({ channel, body, options: settings });
    } catch (error) {
      throw IntermodalError.from(error, { transport });
    } finally {
      // Whatever the middleware did, the key's next one goes only after this one's turn.
      void Promise.resolve(before).then(() => {
        enqueued();
        if (turnOf !== undefined && turns.get(turnOf) === turn) turns.delete(turnOf);
      });
    }
  }

  function check(channel: SomeChannel, settings: AnyPublishOptions): void {
    if (channel.order === 'key')
      needs(capabilities.order === 'key', `order: 'key'`, 'order by key', transport);
    checkPublishOptions(settings, capabilities, transport);
  }

  /** As `enqueue`, its throw a rejection. */
  function handOver(
    channel: SomeChannel,
    encoded: Encoded,
    settings: AnyPublishOptions,
  ): Promise<Published> {
    try {
      return enqueue(channel, encoded, settings);
    } catch (error) {
      return Promise.reject(IntermodalError.from(error, { code: 'invalid-argument', transport }));
    }
  }

  function enqueue(
    channel: SomeChannel,
    encoded: Encoded,
    settings: AnyPublishOptions,
  ): Promise<Published> {
    const now = options.now();
    let message: WireMessage = {
      id: settings.id ?? messageId(),
      channel: channel.name,
      key: settings.key,
      publishedAt: now,
      headers: settings.headers === undefined ? noHeaders : checkHeaders(settings.headers),
      contentType: encoded.contentType,
      body: encoded.body,
      delayMs: settings.delayMs,
      ttlMs: settings.ttlMs,
      priority: settings.priority,
      dedupeId: settings.dedupeId,
    };
    if (channel.cloudEvents !== undefined)
      message = toCloudEvent(message, channel.cloudEvents, prefix);
    if (settings.signal?.aborted === true) {
      throw new IntermodalError(
        'aborted',
        `the publish to '${channel.name}' was aborted before it was sent`,
        { transport, address: channel.name },
      );
    }
    return options
      .queue(channel.name)
      .add(message, settings.timeoutMs ?? options.timeoutMs, settings.signal, now);
  }

  return {
    publish,
    publishMany(channel, messages) {
      return Promise.all(
        messages.map(async ({ body, ...settings }): Promise<PublishOutcome> => {
          const id = settings.id ?? messageId();
          try {
            return { ok: true, ...(await publish(channel, body, { ...settings, id })) };
          } catch (error) {
            return { ok: false, id, error: IntermodalError.from(error) };
          }
        }),
      );
    },
  };
}

function turnName({ name }: SomeChannel, { key }: AnyPublishOptions): string | undefined {
  return key === undefined ? undefined : `${name}\n${key}`;
}
