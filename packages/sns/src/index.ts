export type {
  SnsCapabilities,
  SnsCommonCapabilities,
  SnsFifoCapabilities,
  SnsStandardCapabilities,
} from './capabilities.ts';
export type { SnsClientOptions } from './clients.ts';
export { type LocalFilterOptions, localFilter } from './filter/local-filter.ts';
export { type FilteredMessage, matchesFilter } from './filter/match.ts';
export {
  attributeFilter,
  bodyFilter,
  type LooseAttributePolicy,
  type LooseBodyPolicy,
  type SnsAttributePolicy,
  type SnsBodyPolicy,
  type SnsCondition,
  type SnsExcluded,
  type SnsFilter,
  type SnsFilters,
  type SnsLower,
  type SnsMemberPolicy,
  type SnsNumeric,
  type SnsUpper,
} from './filter/policy.ts';
export { snsEndpoint, type SnsEndpoint, type SnsEndpointOptions } from './http/endpoint.ts';
export type { SnsConfirmation, SnsMessage, SnsNotification, SnsSigned } from './http/envelope.ts';
export type { FetchCertificate } from './http/fetch-certificate.ts';
export { snsFromUrl } from './from-url.ts';
export {
  type Notified,
  snsNotifier,
  type SmsOptions,
  type SnsNotifier,
  type TopicOptions,
} from './notify/notifier.ts';
export type { SnsPayload, SnsPlatform, SnsProtocol } from './notify/payload.ts';
export type {
  SnsAttributeTypes,
  SnsProvisioning,
  SnsQueueOptions,
  SnsTransportOptions,
} from './options.ts';
export { type S3Event, s3Events, type S3Notification } from './s3/s3-events.ts';
export type { TopicAccess } from './topic-policy.ts';
export { snsTransport } from './transport.ts';
