import type { Order } from './capabilities.ts';
import { type Codec, json } from './codec.ts';
import { IntermodalError } from './error.ts';
import type { StandardSchema } from './schema.ts';

/** How a channel's messages are CloudEvents 1.0. */
export interface CloudEventsOptions {
  /** `binary`: attributes in headers; `structured`: one JSON envelope. */
  readonly mode: 'binary' | 'structured';
  /** @defaultValue `urn:intermodal:<channel>` */
  readonly source?: string;
  /** @defaultValue the channel's name */
  readonly type?: string;
}

export interface ChannelOptions<N extends Order = Order> {
  /** `key`: messages of one key must stay in order; a transport that keeps none is refused. @defaultValue `none` */
  readonly order?: N;
  readonly cloudEvents?: CloudEventsOptions;
}

/** A named, typed stream of messages as the application knows it; no transport in it. */
export interface Channel<In, Out = In, N extends Order = 'none'> {
  readonly name: string;
  readonly order: N;
  readonly codec: Codec<unknown>;
  readonly schema: StandardSchema | undefined;
  readonly cloudEvents: CloudEventsOptions | undefined;
  /** For the compiler alone; never set. */
  readonly types?: { readonly input: In; readonly output: Out };
}

type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];
type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

const namePattern = /^[a-z][a-z0-9-]{0,59}$/;

/**
 * Declares a channel. Publish takes the schema's input and validates it; a consumer decodes, validates and gets the
 * schema's output, so a transform runs once.
 *
 * @throws `invalid-argument` for a name that is not `[a-z][a-z0-9-]{0,59}`
 */
export function channel<S extends StandardSchema, const N extends Order = 'none'>(
  name: string,
  options: ChannelOptions<N> & { readonly schema: S; readonly codec?: Codec<InputOf<S>> },
): Channel<InputOf<S>, OutputOf<S>, N>;
export function channel<T>(
  name: string,
  options: ChannelOptions & {
    readonly order: 'key';
    readonly schema?: undefined;
    readonly codec?: Codec<T>;
  },
): Channel<T, T, 'key'>;
export function channel<T>(
  name: string,
  options?: ChannelOptions<'none'> & { readonly schema?: undefined; readonly codec?: Codec<T> },
): Channel<T>;
export function channel(
  name: string,
  options: ChannelOptions & { readonly schema?: unknown; readonly codec?: unknown } = {},
): Channel<unknown, unknown, never> {
  checkName('channel', name);
  const made: Channel<unknown, unknown, Order> = {
    name,
    order: options.order ?? 'none',
    codec: (options.codec ?? json()) as Codec<unknown>,
    schema: options.schema as StandardSchema | undefined,
    cloudEvents: options.cloudEvents,
  };
  return Object.freeze(made) as Channel<unknown, unknown, never>;
}

/** @throws `invalid-argument` */
export function checkName(what: 'channel' | 'group', name: string): void {
  if (namePattern.test(name)) return;
  throw new IntermodalError(
    'invalid-argument',
    `'${name}' is not a ${what} name: it must be 1 to 60 of a-z, 0-9 and '-', beginning with a letter`,
  );
}
