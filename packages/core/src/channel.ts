import type { Order } from './capabilities.ts';
import { checkAttribute } from './cloud-event-attributes.ts';
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
 * @throws `invalid-argument` for a name that is not `[a-z][a-z0-9-]{0,59}`, and for options of another shape
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
  // The types say all of this too, but not to a caller without them.
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw wrong(name, 'its options must be an object');
  }
  const { order = 'none', schema, codec = json(), cloudEvents } = options;
  if (!isOrder(order)) throw wrong(name, "'order' must be 'none' or 'key'");
  if (schema !== undefined && !isSchema(schema)) {
    throw wrong(
      name,
      "'schema' must be a Standard Schema of version 1, as of zod, valibot or arktype",
    );
  }
  if (!isCodec(codec)) throw wrong(name, "'codec' must have a contentType, encode and decode");
  if (cloudEvents !== undefined) checkCloudEvents(name, cloudEvents);
  const made: Channel<unknown, unknown, Order> = { name, order, codec, schema, cloudEvents };
  return Object.freeze(made) as Channel<unknown, unknown, never>;
}

function wrong(name: string, what: string): IntermodalError {
  return new IntermodalError('invalid-argument', `channel '${name}': ${what}`);
}

function isOrder(value: unknown): value is Order {
  return value === 'none' || value === 'key';
}

/** arktype's schemas are functions. */
function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as { readonly '~standard'?: unknown })['~standard'];
  if (typeof standard !== 'object' || standard === null) return false;
  const { version, validate } = standard as Record<string, unknown>;
  return version === 1 && typeof validate === 'function';
}

function isCodec(value: unknown): value is Codec<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { contentType, encode, decode } = value as Record<string, unknown>;
  return (
    typeof contentType === 'string' &&
    contentType !== '' &&
    typeof encode === 'function' &&
    typeof decode === 'function'
  );
}

function checkCloudEvents(name: string, options: unknown): void {
  const { mode, source, type } = Object(options) as Record<string, unknown>;
  if (mode !== 'binary' && mode !== 'structured') {
    throw wrong(name, "'cloudEvents.mode' must be 'binary' or 'structured'");
  }
  for (const [attribute, value] of [
    ['source', source],
    ['type', type],
  ] as const) {
    if (value === undefined) continue;
    if (typeof value !== 'string') throw wrong(name, `'cloudEvents.${attribute}' must be text`);
    checkAttribute(attribute, value, `channel '${name}'`);
  }
}

/** @throws `invalid-argument` */
export function checkName(what: 'channel' | 'group', name: string): void {
  if (typeof name === 'string' && namePattern.test(name)) return;
  const shown =
    typeof name === 'string' ? `'${name.slice(0, 80)}'` : `a value of type ${typeof name}`;
  throw new IntermodalError(
    'invalid-argument',
    `${shown} is not a ${what} name: it must be 1 to 60 of a-z, 0-9 and '-', beginning with a letter`,
  );
}
