export type { Capabilities, Unsupported } from './capabilities.ts';
export { type Channel, channel, type ChannelOptions, type CloudEventsOptions } from './channel.ts';
export { createClient } from './client.ts';
export type {
  ClientOptions,
  ConsumeMiddleware,
  OutgoingMessage,
  PublishMiddleware,
} from './client-options.ts';
export type {
  AnyChannel,
  Client,
  ClientFor,
  ConsumeOptions,
  Delivery,
  Headers,
  Minimal,
  Published,
  Publisher,
  PublishOptions,
  PublishOutcome,
} from './client-types.ts';
export { type Clock, systemClock } from './clock.ts';
export { bytes, type Codec, json, text } from './codec.ts';
export { compositeTransport, type CompositeTransportOptions } from './composite.ts';
export type {
  BatchOptions,
  Consumer,
  ConsumerStats,
  OnFailure,
  ProvisionOptions,
  RetryPolicy,
  StopReport,
} from './consumer-types.ts';
export type { DeliveryBase } from './delivery.ts';
export type { Backlog, StartPosition, Transport } from './driver.ts';
export {
  type ErrorCode,
  IntermodalError,
  type IntermodalErrorOptions,
  Rejection,
} from './error.ts';
export { openTransport, type TransportFactory, type TransportLocation } from './open-transport.ts';
export {
  createPushReceiver,
  type PushDelivery,
  type PushOutcome,
  type PushReceiver,
  type PushReceiverOptions,
} from './push-receiver.ts';
export type { StandardSchema } from './schema.ts';
export type { Telemetry, TelemetryEvent } from './telemetry.ts';
export {
  parseTransportUrl,
  type TransportCredentials,
  type TransportHost,
  type TransportUrl,
} from './transport-url.ts';
