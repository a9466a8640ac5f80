export type {
  FirehoseDelivery,
  FirehoseEndpointOptions,
  FirehoseRecordOrigin,
  RecordFailure,
  RejectedRecord,
} from './http/options.ts';
export { createFirehoseEndpoint, type FirehoseEndpoint } from './http/endpoint.ts';
